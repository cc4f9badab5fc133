import { expect, isAccessible, isLive, newName, signIn, test, type Api } from './support'

async function three(api: Api): Promise<string> {
  const name = newName()
  await Promise.all(['a', 'b', 'c'].map((letter) => api.createRunning(`${name}-${letter}`)))
  return name
}

test('chosen instances are stopped, started and restarted, each with its own result', async ({
  page,
  api,
}) => {
  const name = await three(api)
  await api.stop(`${name}-b`)
  await signIn(page)
  await page.goto(`/instances?search=${name}&sort=name`)
  await isLive(page)
  const bar = page.getByRole('region', { name: 'Selection' })
  await expect(bar).toHaveCount(0)

  // By keyboard: down without choosing, down and choosing.
  await page.getByLabel(`Select ${name}-a`).focus()
  await page.keyboard.press('ArrowDown')
  await expect(page.getByLabel(`Select ${name}-b`)).toBeFocused()
  await expect(bar).toHaveCount(0)
  await page.keyboard.press('Shift+ArrowDown')
  await expect(page.getByLabel(`Select ${name}-c`)).toBeFocused()
  await expect(bar.getByText('2 selected')).toBeVisible()
  await page.keyboard.press('Space')
  await expect(bar.getByText('1 selected')).toBeVisible()
  await bar.getByRole('button', { name: 'Clear the selection' }).click()
  await expect(bar).toHaveCount(0)

  // By mouse: from the first to the last with Shift.
  await page.getByLabel(`Select ${name}-a`).click()
  await page.getByLabel(`Select ${name}-c`).click({ modifiers: ['Shift'] })
  await expect(bar.getByText('3 selected')).toBeVisible()
  await expect(bar.getByRole('button', { name: 'Start 1' })).toBeVisible()
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight)) // out from under the bar
  await isAccessible(page)
  await bar.getByRole('button', { name: 'Stop 2' }).click()
  const dialog = page.getByRole('dialog', { name: 'Stop 2 instances?' })
  await isAccessible(page)

  // One of them is stopped by somebody else, who then deletes it: that one fails alone.
  await api.delete(`${name}-a`)
  await expect.poll(() => api.stateOf(`${name}-a`)).toBe('gone')
  await dialog.getByRole('button', { name: 'Stop 2 instances' }).click()
  const results = page.getByRole('dialog', { name: 'Stop 2 instances' })
  await expect(results.getByText('1 of 2 took it.')).toBeVisible()
  const failed = results.locator(`[data-result="${name}-a"]`)
  await expect(failed.getByLabel('Failed')).toBeVisible()
  await expect(failed.getByText(/there is no instance/i)).toBeVisible()
  const done = results.locator(`[data-result="${name}-c"]`)
  await expect(done.getByLabel('Done')).toBeVisible()
  await expect(done.getByText('Stopped')).toBeVisible({ timeout: 90_000 })
  await results.getByRole('button', { name: 'Close' }).last().click()

  await page.getByLabel('Select all').check()
  await bar.getByRole('button', { name: 'Start 2' }).click()
  await page.getByRole('button', { name: 'Start 2 instances' }).click()
  await expect(page.getByText('All of them took it.')).toBeVisible()
  for (const letter of ['b', 'c']) await api.reaches(`${name}-${letter}`, 'running')
  await page.getByRole('button', { name: 'Close' }).last().click()
  await bar.getByRole('button', { name: 'Restart 2' }).click()
  await page.getByRole('button', { name: 'Restart 2 instances' }).click()
  await expect(page.getByText('All of them took it.')).toBeVisible()
  await expect.poll(() => api.lastOperation(`${name}-c`)).toBe('restart succeeded')
})

test('chosen instances are deleted when their number is typed, brought back from the trash, and removed for good', async ({
  page,
  api,
}) => {
  const name = await three(api)
  await api.protect(`${name}-c`, true)
  await signIn(page)
  await page.goto(`/instances?search=${name}`)
  await page.getByLabel('Select all').check()
  await page.getByRole('button', { name: 'Delete 3' }).click()
  let dialog = page.getByRole('dialog', { name: 'Delete 3 instances?' })
  await expect(dialog.getByText('One is protected against deletion and left alone.')).toBeVisible()
  const confirm = dialog.getByRole('button', { name: 'Delete 3 instances' })
  await dialog.getByRole('textbox').fill('delete 2')
  await expect(confirm).toBeDisabled()
  await dialog.getByRole('textbox').fill('delete 3')
  await isAccessible(page)
  await confirm.click()
  await expect(page.getByText('3 of 3 · 2 succeeded · 1 failed')).toBeVisible({ timeout: 120_000 })
  await expect(
    page.locator(`[data-instance="${name}-c"]`).getByText(/protected against deletion/),
  ).toBeVisible()
  await api.protect(`${name}-c`, false)

  await page.goto(`/instances?state=trash&search=${name}`)
  await expect(page.getByText('Removed for good in').first()).toBeVisible()
  await page.getByLabel('Select all').check()
  await page.getByRole('button', { name: 'Undelete 2' }).click()
  await page.getByRole('button', { name: 'Undelete 2 instances' }).click()
  await expect(page.getByText('All of them took it.')).toBeVisible()
  for (const letter of ['a', 'b']) await api.reaches(`${name}-${letter}`, 'running')

  await page.goto(`/instances?search=${name}`)
  await page.getByLabel(`Select ${name}-a`).check()
  await page.getByRole('button', { name: 'Delete 1' }).click()
  dialog = page.getByRole('dialog', { name: 'Delete 1 instance?' })
  await dialog.getByRole('textbox').fill('delete 1')
  await dialog.getByLabel('Remove them for good at once').check()
  await dialog.getByRole('button', { name: 'Delete 1 instance' }).click()
  await expect(page.getByText('1 of 1 · 1 succeeded')).toBeVisible({ timeout: 120_000 })
  expect(await api.stateOf(`${name}-a`)).toBe('gone')
})
