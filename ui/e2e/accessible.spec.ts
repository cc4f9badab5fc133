import type { Page } from '@playwright/test'

import { expect, isAccessible, isLive, newName, signIn, test } from './support'

test('every page can be used by everybody in both themes, from a phone to a wall', async ({ page, api }) => {
  test.setTimeout(600_000)
  await page.goto('/sign-in')
  await expect(page.getByLabel('Username')).toBeVisible()
  await inBothThemes(page)

  const [running, stopped] = [newName(), newName()]
  await api.createRunning(running)
  await api.createRunning(stopped)
  await api.stop(stopped)
  await signIn(page)
  for (const path of [
    '/',
    '/instances',
    '/instances?search=no-such-instance',
    `/instances/${stopped}`,
    ...['', '/connect', '/logs', '/query', '/parameters', '/activity', '/settings'].map(
      (tab) => `/instances/${running}${tab}`,
    ),
    '/batches',
    '/operations',
    `/operations/${await api.lastOperationID(running)}`,
    '/runtime-images',
    '/system',
    '/people',
    '/audit',
    '/account',
    '/no/such/page',
  ]) {
    await test.step(path, async () => {
      await page.goto(path)
      await isLive(page)
      await expect(page.locator('main h1')).toHaveCount(1)
      await expect(page.locator('main .animate-pulse')).toHaveCount(0) // all is loaded
      await inBothThemes(page)
    })
  }
})

test('what opens on a page can be used by everybody in both themes', async ({ page, api }) => {
  test.setTimeout(300_000)
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto('/instances/new')
  await page.getByLabel('Name').fill('Wrong_')
  await page.getByText('Custom').click()
  await inBothThemes(page)

  await page.goto(`/instances/${name}/activity`)
  await page.getByText('Create', { exact: true }).click()
  await expect(page.locator('[data-step="provision"]')).toBeVisible()
  await page.getByRole('button', { name: /User menu/ }).click()
  await expect(page.getByRole('menu')).toBeVisible()
  await inBothThemes(page)
  await page.keyboard.press('Escape')
  await page.goto(`/instances/${name}/settings`)
  await page.getByRole('button', { name: 'Delete instance' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await inBothThemes(page)
})

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

async function inBothThemes(page: Page) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveClass(colorScheme === 'dark' ? /dark/ : /^(?!.*dark)/)
    await isAccessible(page, colorScheme === 'dark' ? 'colours' : 'all') // nothing else differs
  }
  await page.emulateMedia({ colorScheme: 'light' })
  const size = page.viewportSize()
  if (!size || size.width < 1000) return
  await page.setViewportSize({ width: 3840, height: 2160 })
  expect(await page.locator('main').evaluate((main) => main.scrollWidth - main.clientWidth)).toBe(0)
  await page.setViewportSize(size)
}
