import { expect, isAccessible, newName, signIn, test } from './support'

test('where no runtime image can be run the page says so, and the API refuses one', async ({ page, api }) => {
  test.skip((await api.registry()) !== undefined, 'images can be run here')
  await signIn(page)
  await page.goto('/runtime-images')
  await expect(page.getByText('Not offered here')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Register image' })).toHaveCount(0)
  const image = {
    name: 'postgis',
    reference: 'registry.example.com/team/postgis',
    digest: `sha256:${'0a'.repeat(32)}`,
  }
  const refused = await page.request.post('/api/runtime-images', { data: image })
  expect(refused.status()).toBe(422)
  expect(await refused.json()).toMatchObject({
    code: 'invalid',
    errors: [{ field: 'reference', rule: 'available' }],
  })
})

// No image can be run where the tests run, so the page is told of a registry and of an image on its way from the server,
// which then answers for itself.
test('an image is asked for and deleted on the page, and what the server says of that is told', async ({
  page,
  api,
}) => {
  test.skip((await api.registry()) !== undefined, 'images can be run here')
  const image = {
    name: 'postgis',
    reference: 'registry.example.com/team/postgis',
    digest: `sha256:${'0a'.repeat(32)}`,
    instances: 0,
    created_at: '2026-01-02T03:04:05Z',
  }
  let shown: object[] = []
  await page.route('**/api/offer', async (route) => {
    const response = await route.fetch()
    const offer = (await response.json()) as object
    await route.fulfill({ response, json: { ...offer, runtime_registry: 'registry.example.com' } })
  })
  await page.route('**/api/runtime-images', async (route) => {
    if (route.request().method() !== 'GET') return route.continue()
    const response = await route.fetch()
    return route.fulfill({ response, json: { items: shown } })
  })
  await signIn(page)
  await page.goto('/runtime-images')
  await page.getByRole('button', { name: 'Register image' }).click()
  const dialog = page.getByRole('dialog', { name: 'Register a runtime image' })
  await dialog.getByLabel('Name').fill(image.name)
  await dialog.getByLabel('Reference').fill(image.reference)
  await dialog.getByLabel('Digest').fill(image.digest)
  const answer = page.waitForResponse((response) => response.request().method() === 'POST')
  await dialog.getByRole('button', { name: 'Register image' }).click()
  const refused = (await (await answer).json()) as { errors: { field: string; message: string }[] }
  expect(refused.errors.map(({ field }) => field)).toEqual(['reference'])
  await expect(dialog.getByLabel('Reference')).toHaveAccessibleDescription(
    new RegExp(refused.errors[0]?.message ?? '-', 'i'),
  )
  await isAccessible(page)
  await dialog.getByRole('button', { name: 'Cancel' }).click()

  shown = [image]
  await page.reload()
  await page.getByRole('button', { name: 'Details of postgis' }).click()
  const details = page.getByRole('dialog', { name: 'postgis' })
  await expect(details.getByText('No instance')).toBeVisible()
  await isAccessible(page)
  const gone = page.waitForResponse((response) => response.request().method() === 'DELETE')
  await details.getByRole('button', { name: 'Delete image' }).click()
  const { detail } = (await (await gone).json()) as { detail: string }
  await expect(details.getByRole('alert')).toContainText(detail, { ignoreCase: true })
})

test('an image is registered, chosen for an instance, and deleted', async ({ page, api }) => {
  const registry = await api.registry()
  test.skip(registry === undefined, 'no image can be run here')
  const name = newName()
  await signIn(page)
  await page.goto('/runtime-images')
  await page.getByRole('button', { name: 'Register image' }).click()
  const dialog = page.getByRole('dialog', { name: 'Register a runtime image' })
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByLabel('Reference').fill(`${registry}/team/postgis`)
  await dialog.getByLabel('Digest').fill(`sha256:${'0a'.repeat(32)}`)
  await dialog.getByLabel('Description').fill('PostGIS of the team')
  await dialog.getByRole('button', { name: 'Register image' }).click()
  await expect(page.getByText(`Registered ${name}`)).toBeVisible()
  const row = page.locator(`[data-image="${name}"]`)
  await expect(row).toContainText('PostGIS of the team')

  await page.goto('/instances/new')
  await page.getByLabel('Runtime image').selectOption(name)
  await expect(page.getByText('A runtime image is always stock.')).toBeVisible()
  await isAccessible(page)

  await page.goto('/runtime-images')
  await page.getByRole('button', { name: `Details of ${name}` }).click()
  await page.getByRole('dialog', { name }).getByRole('button', { name: 'Delete image' }).click()
  await expect(page.getByText(`Deleted ${name}`)).toBeVisible()
  await expect(row).toHaveCount(0)
})
