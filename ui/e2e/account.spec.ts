import { expect, fillSignIn, isAccessible, newName, signIn, test } from './support'

test('a token that was made on the page works until it is revoked there', async ({
  page,
  playwright,
  baseURL,
}) => {
  const name = newName()
  await signIn(page)
  await page.goto('/account')
  await page.getByLabel('New token for').fill(name)
  await page.getByLabel('May do at most').selectOption('viewer')
  await page.getByRole('button', { name: 'Create token' }).click()
  const secret = (await page.getByTestId('new-token').textContent()) ?? ''
  const program = await playwright.request.newContext({
    ...(baseURL && { baseURL }),
    extraHTTPHeaders: { Authorization: `Bearer ${secret}` },
  })
  expect(((await (await program.get('/api/me')).json()) as { role: string }).role).toBe('viewer')
  await expect(page.locator(`[data-token="${name}"]`)).toContainText(/ends (in \d+ days|[A-Z])/)
  await isAccessible(page)
  await page.getByRole('button', { name: `Revoke ${name}` }).click()
  await expect(page.locator(`[data-token="${name}"]`)).toHaveCount(0)
  await expect(page.getByText(`Revoked ${name}`)).toBeVisible()
  expect((await program.get('/api/me')).status()).toBe(401)
  await program.dispose()
})

test('a password that was changed on the page is the only one that works, and other sessions end', async ({
  api,
  browser,
  playwright,
  baseURL,
}) => {
  const name = newName()
  const password = await api.createUser(name)
  const other = await playwright.request.newContext({ ...(baseURL && { baseURL }) })
  expect((await other.post('/api/sessions', { data: { username: name, password } })).status()).toBe(200)

  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto('/account')
  await fillSignIn(page, password, name)
  await page.getByLabel('Current password').fill('not the password')
  await page.getByLabel('New password').fill('another password')
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await isAccessible(page)
  await page.getByLabel('Current password').fill(password)
  await page.getByRole('button', { name: 'Change password' }).click()
  await expect(page.getByText('Your password is changed')).toBeVisible()
  expect((await other.get('/api/me')).status()).toBe(401)

  await page.getByRole('button', { name: /User menu/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in to Toygres' })).toBeVisible()
  await fillSignIn(page, password, name)
  await expect(page.getByRole('alert')).toBeVisible()
  await fillSignIn(page, 'another password', name)
  await expect(page.getByRole('heading', { name: 'Sign in to Toygres' })).toBeHidden()
  await context.close()
  await other.dispose()
})
