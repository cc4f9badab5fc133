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

test('markup in columns, values and refusals is text', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/query`)
  const markup = '<img src=x onerror=alert(1)>'
  const statement = page.getByLabel('SQL statement')
  await statement.fill(`SELECT '${markup}' AS "${markup}", ARRAY['</td><script>alert(2)</script>'] AS list`)
  await statement.press('Control+Enter')
  const rows = page.getByRole('region', { name: 'Rows' })
  await expect(rows.getByRole('columnheader').first()).toHaveText(markup)
  await expect(rows.getByRole('cell').first()).toHaveText(markup)

  await statement.fill(
    `DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = '${markup}', DETAIL = '${markup}', HINT = '${markup}'; END $$`,
  )
  await page.getByRole('button', { name: 'Run' }).click()
  await expect(page.getByRole('alert').getByText(markup)).toHaveCount(3)
  await expect(page.locator('img')).toHaveCount(0)
})
