import { readFileSync } from 'node:fs'

import { expect, isAccessible, isLive, newName, replaceFile, signIn, test } from './support'

test('an operation is followed on its page, cancelled there, and tried again', async ({ page, api }) => {
  await signIn(page)
  const steps = page.getByRole('region', { name: /^Create ui-/ })
  const diagram = page.getByTestId('diagram')
  // It takes a second or so: if it was done before it could be cancelled, the next one is tried.
  await expect(async () => {
    const name = newName()
    await page.goto(`/operations/${await api.create(name)}`)
    await steps.getByRole('button', { name: 'Cancel' }).click({ timeout: 3000 })
    const dialog = page.getByRole('dialog', { name: `Cancel creating ${name}?` })
    await expect(dialog).toContainText('What was begun is removed again')
    await dialog.getByRole('button', { name: 'Cancel operation' }).click({ timeout: 1000 })
    await expect(dialog).toBeHidden()
    await expect(page.getByRole('heading', { name: `Create ${name}` })).toBeFocused() // what opened it is gone
    await expect(diagram.locator('[data-node="lost"]')).toHaveAttribute('data-state', 'cancelled')
    await expect(diagram.locator('[data-node="undo"]')).toHaveAttribute('data-state', 'succeeded')
  }).toPass({ timeout: 180_000 })
  await expect(diagram.locator('[data-edge="undo to lost"]')).toHaveAttribute('data-taken', 'true')
  await expect(page.getByRole('img', { name: 'Undo (succeeded). It ended: cancelled.' })).toBeVisible()
  await isAccessible(page)

  const cancelled = page.url()
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  await expect(page.getByRole('link', { name: 'What it tries again' })).toBeVisible()
  expect(page.url()).not.toBe(cancelled)
  await expect(diagram.locator('[data-node="succeeded"]')).toHaveAttribute('data-state', 'succeeded', {
    timeout: 90_000,
  })
  await expect(diagram.locator('[data-node="lost"]')).toHaveAttribute('data-state', 'pending')
  await expect(steps.getByText(/last attempt by .+/).first()).toBeVisible()
  await isAccessible(page)
})

test('a step that waits for its next attempt says why, and is tried at once when that is asked for', async ({
  page,
  api,
}) => {
  test.setTimeout(400_000)
  const name = newName()
  await api.createRunning(name)
  const record = await api.recordOf(name)
  test.skip(!record, 'only the provider local keeps a file to meddle with')
  const sound = readFileSync(record ?? '', 'utf8')
  await signIn(page)
  const step = page.locator('[data-step="resize"]')
  const now = page.getByRole('button', { name: 'Retry this step now' })
  let memory = 512
  // Of the pauses the fourth is the longest and the last: if it was over before one could press, another resize is tried.
  await expect(async () => {
    await api.reaches(name, 'running')
    try {
      replaceFile(record ?? '', 'no record')
      await page.goto(`/operations/${await api.beginResize(name, { memory_mib: memory++ })}`)
      await expect(step).toContainText(/attempt 4 · next try in/, { timeout: 60_000 })
    } finally {
      replaceFile(record ?? '', sound)
    }
    await now.click({ timeout: 5000 })
    await expect(page.getByText('The step is tried now.')).toBeVisible({ timeout: 3000 })
  }).toPass({ timeout: 200_000 })
  const operation = page.getByRole('region', { name: `Resize ${name}` })
  await expect(operation.getByText('Succeeded', { exact: true })).toBeVisible({ timeout: 90_000 })
  await expect(step).not.toContainText('attempt 5') // they count from 1 again
  await expect(now).toHaveCount(0)
  await step.getByText('4 attempts failed').click()
  const failures = step.getByRole('listitem')
  await expect(failures).toHaveText([1, 2, 3, 4].map((n) => new RegExp(`^Attempt ${n}, .*spec.json`)))
  await isAccessible(page)
})

test('operations are found by instance, kind, state and time, and the address keeps what was chosen', async ({
  page,
  api,
}) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto('/operations')
  await isLive(page)
  const entries = page.locator('[data-operation]')
  await page.getByLabel('Instance').fill(name)
  await expect(page).toHaveURL(new RegExp(`instance=${name}`))
  await expect(entries).toHaveCount(1)
  await expect(entries).toContainText('Succeeded')
  await api.stop(name)
  await expect(entries).toHaveCount(2) // by itself
  await page.getByLabel('Kind').selectOption('Stop')
  await page.getByLabel('When').selectOption('Last hour')
  await expect(entries).toHaveCount(1)
  await isAccessible(page)
  await page.reload()
  await expect(page.getByLabel('Instance')).toHaveValue(name)
  await expect(page.getByLabel('When')).toHaveValue('1h')
  await expect(entries).toHaveCount(1)

  await page.getByLabel('When').selectOption('Between…')
  await page.getByLabel('Until').fill('2020-01-01T00:00')
  await expect(page.getByText('No operation matches')).toBeVisible()
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await expect(page).toHaveURL(/\/operations$/)
  await expect(page.getByLabel('Instance')).toHaveValue('')
  await page.getByLabel('State').selectOption('succeeded')
  await page.getByLabel('Instance').fill(name)
  await entries.getByRole('link', { name: `Stop ${name}` }).click()
  await expect(page.getByRole('region', { name: `Stop ${name}` })).toBeVisible()
})
