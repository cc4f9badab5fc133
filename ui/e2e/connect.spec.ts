import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { expect, isAccessible, isLive, newName, saveAuthority, signIn, test } from './support'

test('what is shown is what is copied, without the password until it is revealed', async ({
  page,
  api,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/connect`)
  const copied = async (what: string) => {
    await page.getByRole('button', { name: `Copy ${what}`, exact: true }).click()
    return page.evaluate(() => navigator.clipboard.readText())
  }
  const ways = ['psql', 'URL', 'JDBC', 'Go', 'Node', 'Python', 'NET', 'env']
  const choose = (way: string) => page.getByRole('tab', { name: way }).click()
  for (const way of ways) {
    await choose(way)
    expect(await copied(way)).toBe(await page.getByTestId(`connection-${way}`).textContent())
  }
  for (const fact of ['Host', 'Port', 'User', 'Database']) {
    expect(await copied(fact.toLowerCase())).toBe(await page.getByTestId(`connection-${fact}`).textContent())
  }
  const password = page.getByTestId('connection-Password')
  await expect(password).toHaveText(/^•+$/)
  await page.getByRole('button', { name: 'Reveal password' }).click()
  await expect(password).not.toContainText('•')
  const secret = (await password.textContent()) ?? ''
  await isAccessible(page)
  for (const way of ways) {
    await choose(way)
    await expect(page.getByTestId(`connection-${way}`)).toContainText(secret)
  }
  await page.getByRole('button', { name: 'Hide password' }).click()
  await expect(page.getByTestId('connection-env')).not.toContainText(secret)
  await expect(password).toHaveText(/^•+$/)
  await page.getByRole('link', { name: 'Activity' }).click()
  await expect(page.locator('[data-event="password.revealed"]')).toBeVisible()
})

test('what is copied for a shell opens a session', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/connect`)
  await page.getByRole('button', { name: 'Reveal password' }).click()
  await expect(page.getByTestId('connection-Password')).not.toContainText('•')
  const text = async (way: string) => {
    await page.getByRole('tab', { name: way }).click()
    return (await page.getByTestId(`connection-${way}`).textContent()) ?? ''
  }
  const cwd = mkdtempSync(path.join(tmpdir(), 'toygres-connect-'))
  try {
    await saveAuthority(page, cwd)
    const sh = (script: string) => execFileSync('sh', ['-c', script], { cwd, encoding: 'utf8' })
    const ask = `-XAtc 'SELECT 6 * 7'`
    expect(sh(`${await text('psql')} ${ask}`)).toBe('42\n')
    expect(sh(`psql '${await text('URL')}' ${ask}`)).toBe('42\n')
    writeFileSync(path.join(cwd, 'db.env'), await text('env'), { mode: 0o600 })
    expect(sh(`set -a; . ./db.env; psql ${ask}`)).toBe('42\n')
  } finally {
    rmSync(cwd, { recursive: true }) // there are passwords in it
  }
})

test('the password is rotated, and the new one is revealed', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/connect`)
  await isLive(page)
  await page.getByRole('button', { name: 'Reveal password' }).click()
  const password = page.getByTestId('connection-Password')
  await expect(password).not.toContainText('•')
  const old = (await password.textContent()) ?? ''

  await page.getByRole('button', { name: 'Rotate password' }).click()
  const dialog = page.getByRole('dialog', { name: `Rotate the password of ${name}?` })
  await isAccessible(page)
  await dialog.getByRole('button', { name: 'Rotate password' }).click()
  await expect(page.getByText('Rotate password succeeded.')).toBeVisible()
  await expect(password).toContainText('•')
  await page.getByRole('button', { name: 'Reveal password' }).click()
  await expect(password).not.toContainText('•')
  await expect(password).not.toHaveText(old)
})
