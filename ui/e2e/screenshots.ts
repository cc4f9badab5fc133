import type { APIRequestContext } from '@playwright/test'

import { expect, isLive, signIn, test } from './support'

// The pictures of docs/web-ui.md and the README, of a running stack: `npm run screenshots`.
const images = '../docs/images'

test('every page, light and dark', async ({ page, api }) => {
  test.setTimeout(600_000)
  for (const [name, over] of [
    ['billing-staging', { cpu_millis: 500, memory_mib: 512, tags: { team: 'billing', stage: 'test' } }],
    ['analytics', { cpu_millis: 2000, memory_mib: 2048, storage_gib: 100, tags: { team: 'data' } }],
    [
      'orders',
      { cpu_millis: 2000, memory_mib: 4096, storage_gib: 250, tags: { team: 'shop', stage: 'live' } },
    ],
  ] as const) {
    if ((await api.stateOf(name)) === 'gone') await api.createRunning(name, over)
  }
  await api.stop('billing-staging')
  await signIn(page)
  const batch = await finishedBatch(page.request)

  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.context().clearCookies()
    await page.goto('/sign-in')
    await expect(page.getByLabel('Username')).toBeVisible()
    await page.screenshot({ path: `${images}/sign-in-${colorScheme}.png` })

    await signIn(page)
    const tab = (name: string) => [`instance-${name}`, `/instances/orders/${name}`] as const
    for (const [picture, path] of [
      ['dashboard', '/'],
      ['instances', '/instances'],
      ['create', '/instances/new'],
      ['instance', '/instances/orders'],
      ...['connect', 'logs', 'query', 'parameters', 'activity', 'settings'].map(tab),
      ['batches', '/batches'],
      ['batch', `/batches/${batch}`],
      ['operations', '/operations'],
      ['operation', `/operations/${await api.lastOperationID('orders')}`],
      ['runtime-images', '/runtime-images'],
      ['system', '/system'],
      ['people', '/people'],
      ['audit', '/audit'],
      ['account', '/account'],
    ] as const) {
      await test.step(path, async () => {
        await page.goto(path)
        await isLive(page)
        await expect(page.locator('main h1')).toHaveCount(1)
        if (picture === 'create') {
          await page.getByLabel('Name').fill('reports')
          await expect(page.getByRole('list', { name: 'Steps' })).toBeVisible()
        }
        await expect(page.locator('main .animate-pulse')).toHaveCount(0) // all is loaded
        await page.screenshot({ path: `${images}/${picture}-${colorScheme}.png` })
      })
    }
  }
})

/** A batch whose instances are gone again. */
async function finishedBatch(request: APIRequestContext): Promise<string> {
  const created = await request.post('/api/instances/bulk', {
    data: { instances: [{ name: 'review-{1..3}' }] },
  })
  expect(created.status(), await created.text()).toBe(202)
  const { id } = (await created.json()) as { id: string }
  const over = async () =>
    ((await (await request.get(`/api/batches/${id}`)).json()) as { state: string }).state
  await expect.poll(over, { timeout: 120_000 }).toBe('succeeded')
  const deleted = await request.post('/api/instances/bulk/delete', {
    data: { names: ['review-{1..3}'], purge: true },
  })
  expect(deleted.status(), await deleted.text()).toBe(202)
  return id
}
