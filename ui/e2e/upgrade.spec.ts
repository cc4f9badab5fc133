import { expect, isAccessible, newName, signIn, test } from './support'

// There is one release of each major version where the tests run, so the page is told of a newer one on its way from
// the server, which then answers for itself.
test('a newer release is shown, asked about, and what the server says of it is told', async ({
  page,
  api,
}) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.route(`**/api/instances/${name}`, async (route) => {
    const response = await route.fetch()
    const instance = (await response.json()) as object
    await route.fulfill({ response, json: { ...instance, upgrade_available: '18.99' } })
  })
  await page.goto(`/instances/${name}`)
  await expect(page.getByText('PostgreSQL 18.99 is available')).toBeVisible()
  await isAccessible(page)
  await page.getByRole('button', { name: 'Upgrade' }).click()

  const dialog = page.getByRole('dialog', { name: `Upgrade ${name} to PostgreSQL 18.99?` })
  await expect(dialog).toContainText('connections are cut')
  await dialog.getByRole('button', { name: 'Upgrade' }).click()
  await expect(dialog.getByRole('alert')).toContainText(/can't upgrade/i)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialog).toBeHidden()

  await api.stop(name)
  await page.reload()
  await expect(page.getByText('It will be PostgreSQL 18.99 from its next start on.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Upgrade' })).toBeHidden()
})
