import { expect, isAccessible, newName, signIn, test } from './support'

test('a statement is run, refused, allowed to write, and cancelled', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/query`)
  const statement = page.getByLabel('SQL statement')
  const rows = page.getByRole('region', { name: 'Rows' })

  await statement.fill(`SELECT 9007199254740993 AS big, null AS nothing, '<b>x</b>' AS html`)
  await statement.press('Control+Enter')
  await expect(rows.getByRole('row')).toHaveCount(2)
  await expect(rows.getByRole('cell')).toHaveText(['9007199254740993', 'null', '<b>x</b>'])
  await isAccessible(page)

  await statement.fill('CREATE TABLE made (n int)')
  await page.getByRole('button', { name: 'Run' }).click()
  await expect(page.getByText('ERROR 25006')).toBeVisible()
  await page.getByLabel('Allow writing').check()
  await page.getByRole('button', { name: 'Run' }).click()
  await expect(page.getByText(/^CREATE TABLE · /)).toBeVisible()

  await statement.fill('SELECT pg_sleep(60)')
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await expect(page.getByText('cancelled and undone')).toBeVisible()
  await page.getByRole('link', { name: 'Activity' }).click()
  await expect(page.getByText(/statement that may write was run by/).first()).toBeVisible()
})
