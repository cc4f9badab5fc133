import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

import { expect, isAccessible, isLive, newName, replaceFile, signIn, test } from './support'

test('the system page tells of workers and settings, and keeps secrets', async ({ page }) => {
  await signIn(page)
  await page.goto('/system')
  await expect(page.locator('[data-worker]').getByText('Working').first()).toBeVisible()
  await expect(page.locator('[data-queue="workflow"]')).toContainText(/for \d+ workers?/)
  const catalog = page.locator('[data-setting="TOYGRES_CATALOG_URL"]')
  await expect(catalog).toHaveText('TOYGRES_CATALOG_URLSet')
  await page.getByText('have their default').click()
  await expect(page.locator('[data-setting="TOYGRES_DRAIN"]')).toBeVisible()
  await isAccessible(page)
})

test('the monitor is paused, resumed and restarted, and parts are compared', async ({ page }) => {
  await signIn(page)
  await page.goto('/system')
  const monitor = page.getByRole('region', { name: 'Monitor' })
  await monitor.getByRole('button', { name: 'Pause' }).click()
  await expect(monitor.getByText('Paused', { exact: true })).toBeVisible()
  await page.goto('/instances')
  await expect(page.getByText('The monitor is paused').or(page.getByText('Create your first'))).toBeVisible()
  await page.goto('/system')
  await monitor.getByRole('button', { name: 'Resume' }).click()
  await expect(monitor.getByText(/^(Watching|Behind)$/)).toBeVisible()
  await monitor.getByRole('button', { name: 'Restart' }).click()
  await expect(page.getByText('The monitor begins anew.')).toBeVisible()

  const check = page.waitForResponse('**/api/drift/check')
  await page.getByRole('button', { name: 'Check now' }).click()
  const { id } = (await (await check).json()) as { id: string }
  await expect
    .poll(async () => {
      const asked = await page.request.get(`/api/drift/checks/${id}`)
      return ((await asked.json()) as { ended_at?: string }).ended_at !== undefined
    })
    .toBe(true)
  await expect(page.getByText(/Compared just now|Compared \d+ seconds ago/)).toBeVisible()
})

test('what was changed behind the back of the catalog is found and repaired on the page', async ({
  page,
  api,
}) => {
  const name = newName()
  await api.createRunning(name)
  const record = await api.recordOf(name)
  test.skip(!record, 'only the provider local keeps a file to meddle with')
  const sound = readFileSync(record ?? '', 'utf8')
  replaceFile(record ?? '', sound.replace('"wants": "running"', '"wants": "stopped"'))

  await signIn(page)
  await page.goto('/system')
  await isLive(page)
  await page.getByRole('button', { name: 'Check now' }).click()
  const finding = page.locator('[data-kind="not_running"]').filter({ hasText: name })
  await expect(finding).toContainText('The instance should run, and its server is')
  await isAccessible(page)
  await finding.getByRole('button', { name: `Repair ${name}` }).click()
  await expect(page.getByText(`${name} is repaired, and compared again.`)).toBeVisible()
  await expect(finding).toHaveCount(0)
  await expect(page.getByRole('heading', { name: 'Do all parts agree?' })).toBeFocused() // the button is gone
  expect(readFileSync(record ?? '', 'utf8')).toBe(sound)
  const url = await api.urlOf(name)
  await expect(() => execFileSync('psql', [url, '-Xqc', 'SELECT 1'], { stdio: 'ignore' })).toPass()
})
