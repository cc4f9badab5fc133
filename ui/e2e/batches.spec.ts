import { expect, isAccessible, newName, signIn, test } from './support'

test('many are created by a range in the name, and deleted by a pattern', async ({ page, api }) => {
  const name = newName()
  for (const n of [1, 2]) api.adopt(`${name}-${n}`)
  await signIn(page)
  await page.goto('/instances/new')
  await page.getByLabel('Name').fill(`${name}-{1..2}`)
  await page.getByRole('button', { name: 'Create 2 instances' }).click()

  await expect(page.getByRole('progressbar', { name: 'Create 2 instances' })).toBeVisible()
  await expect(page.getByText('2 of 2 · 2 succeeded')).toBeVisible({ timeout: 60_000 })
  await isAccessible(page)
  await page.getByRole('link', { name: `${name}-2` }).click()
  await expect(page.getByRole('heading', { name: `${name}-2` })).toBeVisible()

  await page.goto('/batches')
  await page.getByRole('button', { name: 'Delete many' }).click()
  await page.getByLabel('Names').fill(`${name}-*`)
  await page.getByRole('button', { name: 'Delete instances' }).click()
  await expect(page.getByText('2 of 2 · 2 succeeded')).toBeVisible({ timeout: 60_000 })
  await page.goto('/batches')
  await expect(page.getByRole('link', { name: 'Move to trash: 2 instances' }).first()).toBeVisible()
})
