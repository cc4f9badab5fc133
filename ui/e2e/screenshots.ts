import { expect, isLive, signIn, test } from './support'

// The pictures of the README, of a running stack: `npm run screenshots`.
const images = '../docs/images'

test('the list and an instance, light and dark', async ({ page, api }) => {
  test.setTimeout(180_000)
  for (const [name, over] of [
    ['billing-staging', { cpu_millis: 500, memory_mib: 512 }],
    ['analytics', { cpu_millis: 2000, memory_mib: 2048, storage_gib: 100 }],
    ['orders', { cpu_millis: 2000, memory_mib: 4096, storage_gib: 250 }],
  ] as const) {
    if ((await api.stateOf(name)) === 'gone') await api.createRunning(name, over)
  }
  await api.stop('billing-staging')
  await signIn(page)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width: 1280, height: 640 })
    await page.goto('/instances')
    await isLive(page)
    await expect(page.locator('[data-instance="orders"]')).toBeVisible()
    await page.screenshot({ path: `${images}/instances-${colorScheme}.png` })

    await page.setViewportSize({ width: 1280, height: 960 })
    await page.goto('/instances/orders')
    await isLive(page)
    await expect(page.getByTestId('connection-URL')).toBeVisible()
    await expect(page.locator('[data-event]').first()).toBeVisible()
    await page.screenshot({ path: `${images}/instance-${colorScheme}.png` })
  }
})
