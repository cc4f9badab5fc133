import { expect, isLive, newName, signIn, test } from './support'

test('a lost connection is shown, and what was missed appears when it is back', async ({
  page,
  context,
  api,
}) => {
  await signIn(page)
  await page.goto('/instances')
  await isLive(page)
  await context.setOffline(true)
  await expect(page.getByTestId('live-status')).toHaveText('Disconnected, trying again')
  const name = newName()
  await api.createRunning(name)
  await expect(page.locator(`[data-instance="${name}"]`)).toHaveCount(0)
  await context.setOffline(false)
  await isLive(page)
  await expect(page.locator(`[data-instance="${name}"]`).getByText('Running')).toBeVisible()
})

test('a stream that the server refuses is asked for again', async ({ page, context }) => {
  await signIn(page)
  // What a proxy answers while the server behind it restarts.
  await context.route('**/api/events', (route) => route.fulfill({ status: 502, body: 'Bad Gateway' }))
  await page.goto('/instances')
  await expect(page.getByTestId('live-status')).not.toHaveText('Live')
  await context.unroute('**/api/events')
  await isLive(page)
})
