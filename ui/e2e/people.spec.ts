import { expect, fillSignIn, goTo, isAccessible, newName, signIn, test } from './support'

test('an administrator adds, limits, disables and removes a user, who notices', async ({
  page,
  api,
  browser,
}) => {
  const name = newName()
  await signIn(page)
  await page.goto('/instances')
  await goTo(page, 'People')
  await page.getByRole('button', { name: 'New user' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
  await page.getByLabel('Password').fill('a first password')
  await isAccessible(page)
  await page.getByRole('button', { name: 'Add user' }).click()
  const row = page.locator(`[data-user="${name}"]`)
  await expect(row).toContainText('operator')
  await row.getByRole('button', { name: 'Change' }).click()
  await page.getByLabel('Most instances').fill('0')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(row).toContainText('0 of 0')
  await isAccessible(page)

  const theirs = await (await browser.newContext()).newPage()
  await theirs.goto('/instances/new')
  await fillSignIn(theirs, 'a first password', name)
  await expect(theirs.getByTestId('quota')).toHaveText('You have 0 of 0 instances.')
  await theirs.getByLabel('Name').fill(api.adopt(newName()))
  await theirs.getByRole('button', { name: 'Create instance' }).click()
  await expect(theirs.getByRole('alert')).toContainText('ask an administrator')
  await expect(theirs.getByRole('navigation').getByRole('link', { name: 'People' })).toHaveCount(0)
  await theirs.goto('/people')
  await expect(theirs.getByText('This is for administrators')).toBeVisible()

  await row.getByRole('button', { name: 'Change' }).click()
  await page.getByRole('button', { name: 'Disable' }).click()
  await expect(row).toContainText('Disabled')
  await theirs.goto('/instances')
  await expect(theirs).toHaveURL(/\/sign-in/)

  await row.getByRole('button', { name: 'Change' }).click()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('button', { name: `Remove ${name} for good` }).click()
  await expect(row).toHaveCount(0)
  await page.goto('/audit')
  await page.getByLabel('Action').fill('deleteUser')
  await expect(page.locator('tr[data-action]').filter({ hasText: `users/${name}` })).toHaveCount(1)
  await isAccessible(page)
})

test('a user whom guesses locked out is unlocked, and signs in', async ({ page, api, browser }) => {
  const name = newName()
  const password = await api.createUser(name)
  await api.lockOut(name)
  await signIn(page)
  await page.goto('/people')
  const row = page.locator(`[data-user="${name}"]`)
  await row.getByRole('button', { name: 'Change' }).click()
  await page.getByRole('button', { name: 'Unlock' }).click()
  await expect(page.getByText(`${name} is unlocked`)).toBeVisible()
  await row.getByRole('button', { name: 'Change' }).click()
  await expect(page.getByRole('dialog', { name })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Unlock' })).toHaveCount(0)

  const context = await browser.newContext()
  const theirs = await context.newPage()
  await theirs.goto('/instances')
  await fillSignIn(theirs, password, name)
  await expect(theirs).toHaveURL('/instances')
  await context.close()
})

test('an administrator revokes the token of another user, and it works no more', async ({
  page,
  api,
  playwright,
  baseURL,
}) => {
  const name = newName()
  const password = await api.createUser(name)
  const user = await playwright.request.newContext({ ...(baseURL && { baseURL }) })
  expect((await user.post('/api/sessions', { data: { username: name, password } })).status()).toBe(200)
  const made = await user.post('/api/tokens', { data: { name: 'their-ci', role: 'viewer' } })
  const { token } = (await made.json()) as { token: string }
  const program = await playwright.request.newContext({
    ...(baseURL && { baseURL }),
    extraHTTPHeaders: { Authorization: `Bearer ${token}` },
  })
  expect((await program.get('/api/me')).status()).toBe(200)

  await signIn(page)
  await page.goto('/people')
  await page.locator(`[data-user="${name}"]`).getByRole('button', { name: 'Change' }).click()
  const theirs = page.getByRole('dialog', { name }).getByRole('region', { name: 'API tokens' })
  await expect(theirs.locator('[data-token="their-ci"]')).toContainText('viewer')
  await isAccessible(page)
  await theirs.getByRole('button', { name: 'Revoke their-ci' }).click()
  await expect(theirs.getByText('None. Users make their own.')).toBeVisible()
  // Above the dialog, which is a top layer of the browser's.
  await expect(page.locator('[role=status]:popover-open').getByText('Revoked their-ci')).toBeVisible()
  expect((await program.get('/api/me')).status()).toBe(401)
  expect((await user.get('/api/me')).status()).toBe(200)
  await Promise.all([user.dispose(), program.dispose()])
})
