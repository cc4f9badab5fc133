import { expect, signIn, test } from './support'

test('where no runtime image can be run the page says so, and the API refuses one', async ({ page }) => {
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
