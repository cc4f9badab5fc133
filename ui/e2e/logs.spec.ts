import { readFileSync } from 'node:fs'

import { expect, isAccessible, newName, signIn, test } from './support'

test('the log is followed, filtered, held and downloaded', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/logs`)
  const log = page.getByRole('log')
  await expect(page.getByTestId('log-status')).toHaveText('Live')
  await expect(log).toContainText('database system is ready to accept connections')
  await isAccessible(page)

  await page.getByLabel('Filter lines').fill('READY TO ACCEPT')
  await expect(log).toContainText('ready to accept connections')
  await expect(log).not.toContainText('starting PostgreSQL')

  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download' }).click()
  const file = await download
  expect(file.suggestedFilename()).toBe(`${name}.log`)
  const text = readFileSync(await file.path(), 'utf8')
  expect(text).toContain('ready to accept connections')
  expect(text).not.toContain('starting PostgreSQL')

  // Held, it does not change; then it has everything, across the restart.
  await page.getByRole('button', { name: 'Pause' }).click()
  const ready = log.getByText('ready to accept connections')
  const before = await ready.count()
  await page.getByRole('button', { name: 'Restart' }).click()
  await expect(page.getByTestId('log-status')).toHaveText(/Paused, [1-9]\d* new lines/)
  await expect(page.getByRole('button', { name: 'Restart' })).toBeEnabled()
  expect(await ready.count()).toBe(before)
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(ready).toHaveCount(before + 1)
})
