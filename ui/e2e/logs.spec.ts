import { execFileSync } from 'node:child_process'
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

test('thousands of lines are followed with few in the page, and what one reads stays in place', async ({
  page,
  api,
}) => {
  const name = newName()
  await api.createRunning(name)
  const url = await api.urlOf(name)
  await signIn(page)
  await page.goto(`/instances/${name}/logs`)
  await expect(page.getByTestId('log-status')).toHaveText('Live')
  const log = page.getByRole('log')
  const write = (from: number, to: number) =>
    execFileSync('psql', [
      url,
      '-Xqc',
      `SET client_min_messages = error; DO $$ BEGIN FOR i IN ${from}..${to} LOOP RAISE LOG 'row %', i; END LOOP; END $$`,
    ])
  write(1, 1000)
  await expect(log.getByText(/row 1000$/)).toBeInViewport()
  expect(await log.locator('[data-index]').count()).toBeLessThan(200)

  await log.hover()
  await page.mouse.wheel(0, -4000)
  const follow = page.getByRole('button', { name: 'Follow the end' })
  await expect(follow).toBeVisible()
  const read = await log.evaluate((node) => {
    const shown = node.getBoundingClientRect()
    const rows = [...node.querySelectorAll('[data-index]')]
    const whole = (row: Element) => {
      const { top, bottom } = row.getBoundingClientRect()
      return top >= shown.top && bottom <= shown.bottom
    }
    return rows.find((row) => /row \d+$/.test(row.textContent) && whole(row))?.textContent ?? ''
  })
  const height = () => log.evaluate((node) => node.scrollHeight)
  const before = await height()
  write(1001, 1100)
  await expect.poll(height).toBeGreaterThan(before)
  await expect(log.getByText(read, { exact: true })).toBeInViewport()
  await follow.click()
  await expect(log.getByText(/row 1100$/)).toBeInViewport()
  await expect(follow).toBeHidden()
})

test('markup in lines of the log is text, and lines are found by how bad they are', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  const url = await api.urlOf(name)
  await signIn(page)
  await page.goto(`/instances/${name}/logs`)
  await expect(page.getByTestId('log-status')).toHaveText('Live')
  const log = page.getByRole('log')
  const markup = '<img src=x onerror=alert(1)>'
  expect(() =>
    execFileSync('psql', [url, '-Xqc', `SELECT '${markup}',\n'FATAL:  not really' FROM missing`], {
      stdio: 'ignore',
    }),
  ).toThrow()
  await expect(log.getByText(`SELECT '${markup}',`)).toBeVisible()
  await page.getByLabel('Level').selectOption('Errors and worse')
  await expect(log.getByText('relation "missing" does not exist')).toBeVisible()
  await expect(log.getByText('FATAL:  not really')).toBeVisible()
  await expect(log.getByText('ready to accept connections')).toHaveCount(0)
  await isAccessible(page)
  await page.getByLabel('Level').selectOption('Fatal errors')
  await expect(log.getByText('missing')).toHaveCount(0)
  await expect(page.locator('img')).toHaveCount(0)
})
