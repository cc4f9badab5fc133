import { execFileSync } from 'node:child_process'

import { expect, isAccessible, newName, signIn, test } from './support'

// The extension can't be had here, so its functions are stood in for, in a real server.
const standIn = '../services/api/durable/testdata/stand_in.sql'

test('a durable function is previewed, started with variables, looked into, signalled and cancelled', async ({
  page,
  api,
}) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/durable`)
  await expect(page.getByRole('alert')).toContainText('pg_durable') // in the words of the server
  const setUp = `CREATE ROLE app LOGIN; SELECT df.grant_usage('app')`
  execFileSync('psql', [await api.urlOf(name), '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', standIn, '-c', setUp])
  await page.reload()
  await expect(page.getByText('None was started')).toBeVisible()
  await isAccessible(page)

  await page.getByRole('button', { name: 'Start', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Start a durable function' })
  await dialog.getByLabel('Function').fill(`'SELECT <b>{customer}</b>' ~> df.sleep(60)`)
  await dialog.getByRole('button', { name: 'Preview' }).click()
  await expect(dialog.getByRole('region', { name: 'What would be started' })).toContainText('SLEEP')
  await dialog.getByRole('button', { name: 'Start function' }).click()
  await expect(dialog.getByRole('alert')).toContainText('superuser')
  await dialog.getByLabel('Role').fill('app')
  await dialog.getByLabel('Label').fill('<i>mail</i>')
  await dialog.getByLabel('Variables').fill('customer = 42')
  await isAccessible(page)
  await dialog.getByRole('button', { name: 'Start function' }).click()
  await expect(dialog).toBeHidden()

  const nodes = page.getByRole('region', { name: 'Nodes' })
  await expect(nodes.getByText('SELECT <b>{customer}</b>')).toBeVisible()
  await expect(page.getByText('<i>mail</i>')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Executions' }).getByRole('row')).toHaveCount(4)
  await page.getByText('Graph as text').click()
  await expect(page.getByRole('region', { name: 'Graph as text' })).toContainText('Instance: ')
  await isAccessible(page)

  await page.getByLabel('Name of the signal').fill('approved')
  await page.getByLabel('Data of the signal, as JSON').fill('{"by": "me"}')
  await page.getByRole('button', { name: 'Signal', exact: true }).click()
  await expect(page.getByText(/^Signalled /)).toBeVisible()
  await page.getByRole('button', { name: 'Cancel function' }).click()
  await expect(page.getByText('cancelled', { exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Cancel function' })).toHaveCount(0)
})
