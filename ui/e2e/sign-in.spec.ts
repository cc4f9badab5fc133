import { admin, expect, fillSignIn, isLive, newName, signIn, test } from './support'

test('a wrong password is answered in the words of the server', async ({ page }) => {
  await page.goto('/')
  await expect(page).toHaveURL(/\/sign-in/)
  const answer = page.waitForResponse('**/api/sessions')
  await fillSignIn(page, 'not the password')
  const problem = (await (await answer).json()) as { detail: string }
  await expect(page.getByRole('alert')).toHaveText(problem.detail, { ignoreCase: true })
  await expect(page.getByLabel('Username')).toHaveValue(admin.username)
})

test('signing in leads to the page that was asked for', async ({ page }) => {
  await page.goto('/instances?state=stopped')
  await expect(page).toHaveURL(/\/sign-in\?return_to=/)
  await fillSignIn(page, admin.password)
  await expect(page).toHaveURL(/\/instances\?state=stopped$/)
  await expect(page.getByRole('button', { name: 'Stopped' })).toHaveAttribute('aria-pressed', 'true')
})

test('signing in never leads to another site', async ({ page }) => {
  for (const elsewhere of ['//evil.example/', 'https://evil.example/', 'javascript:alert(1)']) {
    await page.context().clearCookies()
    await page.goto(`/sign-in?return_to=${encodeURIComponent(elsewhere)}`)
    await fillSignIn(page, admin.password)
    await expect(page).toHaveURL('/')
  }
})

test('a session that ended brings the user back to where they were', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}`)
  await isLive(page)
  await page.context().clearCookies()
  const ended = page.getByText('Your session has ended')
  // The page may notice first, when it renews a stream.
  await page.getByRole('button', { name: 'Stop' }).or(ended).first().click()
  await expect(ended).toBeVisible()
  await fillSignIn(page, admin.password)
  await expect(page).toHaveURL(`/instances/${name}`)
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
})

test('a session that ended elsewhere is noticed without a click, and the search is kept', async ({
  page,
}) => {
  await signIn(page)
  await page.goto('/operations?state=failed')
  await isLive(page)
  expect((await page.request.delete('/api/sessions/current')).status()).toBe(204)
  await expect(page.getByText('Your session has ended')).toBeVisible({ timeout: 90_000 })
  await fillSignIn(page, admin.password)
  await expect(page).toHaveURL(/\/operations\?state=failed$/)
  await expect(page.getByLabel('State')).toHaveValue('failed')
})

test('signing out ends the session', async ({ page }) => {
  await signIn(page)
  await page.goto('/instances')
  await page.getByRole('button', { name: /User menu/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in to Toygres' })).toBeVisible()
  await page.goto('/instances')
  await expect(page).toHaveURL(/\/sign-in/)
  expect((await page.request.get('/api/me')).status()).toBe(401)
})

test('the theme that was chosen is remembered', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' })
  await signIn(page)
  await page.goto('/instances')
  await expect(page.locator('html')).not.toHaveClass(/dark/)
  await page.getByRole('button', { name: /User menu/ }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  await expect(page.locator('html')).toHaveClass(/dark/)
  await page.reload()
  await expect(page.locator('html')).toHaveClass(/dark/)
})
