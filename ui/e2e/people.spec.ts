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
  await isAccessible(page)
  await page.getByRole('button', { name: `Revoke ${name}` }).click()
  await expect(page.locator(`[data-token="${name}"]`)).toHaveCount(0)
  expect((await program.get('/api/me')).status()).toBe(401)
  await program.dispose()
})
