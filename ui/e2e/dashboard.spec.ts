import { expect, isLive, newName, signIn, test } from './support'

test('the dashboard follows what goes on, and says what needs attention', async ({ page, api }) => {
  await signIn(page)
  await page.goto('/')
  await isLive(page)
  const name = newName()
  const progress = page.getByRole('region', { name: 'In progress' })
  const seen = expect(progress.getByRole('link', { name })).toBeVisible() // before it is over
  await api.create(name)
  await seen
  await expect(progress.getByRole('link', { name })).toHaveCount(0, { timeout: 90_000 })

  const failed = await api.createFailed()
  const attention = page.getByRole('region', { name: 'Needs attention' })
  await attention.getByRole('link', { name: failed, exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: failed })).toBeVisible()
})

test('the numbers of the dashboard lead to the instances that they count', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await api.stop(name)
  await signIn(page)
  await page.goto('/')
  await page.getByRole('region', { name: 'Instances' }).getByRole('link', { name: 'Stopped' }).click()
  await expect(page).toHaveURL(/\/instances\?state=stopped$/)
  await expect(page.locator(`[data-instance="${name}"]`)).toBeVisible()
})
