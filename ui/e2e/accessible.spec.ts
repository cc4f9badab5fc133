import { expect, isAccessible, isLive, newName, signIn, test } from './support'

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every page is accessible in its ${colorScheme} theme`, async ({ page, api }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.goto('/sign-in')
    await expect(page.getByLabel('Username')).toBeVisible()
    await isAccessible(page)

    const [running, stopped] = [newName(), newName()]
    await api.createRunning(running)
    await api.createRunning(stopped)
    await api.stop(stopped)
    await signIn(page)
    await page.goto('/instances')
    await isLive(page)
    await expect(page.locator(`[data-instance="${stopped}"]`)).toBeVisible()
    await isAccessible(page)
    await page.getByRole('button', { name: /User menu/ }).click()
    await expect(page.getByRole('menu')).toBeVisible()
    await isAccessible(page)
    await page.goto('/instances?search=no-such-instance')
    await expect(page.getByText('No instance matches')).toBeVisible()
    await isAccessible(page)

    await page.goto('/instances/new')
    await page.getByLabel('Name').fill('Wrong_')
    await page.getByText('Custom').click()
    await isAccessible(page)

    for (const name of [running, stopped]) {
      await page.goto(`/instances/${name}`)
      await expect(page.getByTestId('connection-URL')).toBeVisible()
      await expect(page.locator('[data-event]').first()).toBeVisible()
      await isAccessible(page)
    }
    for (const tab of ['Connect', 'Logs', 'Query', 'Parameters']) {
      await page.getByRole('link', { name: tab, exact: true }).click()
      await expect(page).toHaveURL(new RegExp(`/${tab.toLowerCase()}$`))
      await isAccessible(page)
    }
    await page.getByRole('link', { name: 'Activity', exact: true }).click()
    await page.getByText('Create', { exact: true }).click()
    await expect(page.locator('[data-step="provision"]')).toBeVisible()
    await isAccessible(page)
    await page.getByRole('link', { name: 'Settings', exact: true }).click()
    await page.getByRole('button', { name: 'Delete instance' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await isAccessible(page)

    await page.goto('/no/such/page')
    await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible()
    await isAccessible(page)
  })
}

test('the sign-in and the list can be used by keyboard alone', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances?search=${name}`)
  const link = page.getByRole('link', { name })
  await expect(link).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused()
  await page.keyboard.press('Enter')
  for (let i = 0; i < 30 && !(await link.evaluate((node) => node === document.activeElement)); i++) {
    await page.keyboard.press('Tab')
  }
  await expect(link).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
})
