import { expect, isAccessible, isLive, newName, signIn, test } from './support'

test('an instance is stopped and started again', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}`)
  await isLive(page)
  const url = await page.getByTestId('connection-URL').textContent()

  await page.getByRole('button', { name: 'Stop' }).click()
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled()
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible()
  await expect(page.getByText('Start it to connect')).toBeVisible()
  expect(await api.stateOf(name)).toBe('stopped')

  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Stop' })).toBeEnabled()
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  expect(await page.getByTestId('connection-URL').textContent()).toBe(url)
})

test('an instance is restarted, at the same address', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}`)
  await isLive(page)
  const url = await page.getByTestId('connection-URL').textContent()
  const restart = page.getByRole('button', { name: 'Restart' })
  await restart.click()
  // It may be over before the page has seen that it goes on.
  await expect(page.getByText('Restart was requested.')).toBeVisible()
  await expect.poll(() => api.lastOperation(name)).toBe('restart succeeded')
  await expect(restart).toBeEnabled()
  await expect(page.getByRole('button', { name: 'Stop' })).toBeEnabled()
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  expect(await page.getByTestId('connection-URL').textContent()).toBe(url)
})

test('an instance is forked, and the page of the fork opens', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}`)
  await isLive(page)
  const button = page.getByRole('button', { name: 'Fork', exact: true })
  if (!(await api.forks())) {
    await expect(page.getByRole('button', { name: 'Resize' })).toBeVisible()
    await expect(button).toHaveCount(0) // nobody is led where nothing is to be had
    return
  }
  await button.click()
  const dialog = page.getByRole('dialog', { name: `Fork ${name}` })
  await dialog.getByLabel('Name').fill('Not a name')
  await expect(dialog.getByRole('button', { name: 'Fork instance' })).toBeDisabled()
  const fork = api.adopt(`${name}-fork`)
  await dialog.getByLabel('Name').fill(fork)
  await isAccessible(page)
  await dialog.getByRole('button', { name: 'Fork instance' }).click()
  await expect(page.getByRole('heading', { name: fork })).toBeVisible()
  await api.reaches(fork, 'running')
  await page.getByRole('link', { name: 'All activity' }).click()
  const events = page.getByRole('region', { name: 'Events' })
  await expect(events.getByText('Step "copy data" is done.')).toBeVisible()
})

test('a running instance gets another size and keeps its address', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}`)
  await isLive(page)
  const url = await page.getByTestId('connection-URL').textContent()

  await page.getByRole('button', { name: 'Resize' }).click()
  const dialog = page.getByRole('dialog', { name: `Resize ${name}` })
  const confirm = dialog.getByRole('button', { name: 'Resize instance' })
  await expect(dialog.getByLabel('CPU')).toHaveValue('1')
  await expect(confirm).toBeDisabled()
  await dialog.getByLabel('Storage').fill('5')
  await expect(dialog.getByText('Can only grow: the instance has 10 GiB')).toBeVisible()
  await expect(confirm).toBeDisabled()
  await dialog.getByLabel('Storage').fill('20')
  await dialog.getByLabel('Memory').fill('512')
  await isAccessible(page)
  await confirm.click()
  await expect(dialog).toBeHidden()

  const operation = page.getByRole('region', { name: `Resize ${name}` })
  await expect(operation.getByText('To 1 CPU, 512 MiB of memory and 20 GiB of storage.')).toBeVisible()
  await expect(operation.getByText('Succeeded', { exact: true })).toBeVisible({ timeout: 45_000 })
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  const overview = page.getByRole('region', { name: 'Overview' })
  await expect(overview.getByText('512 MiB', { exact: true })).toBeVisible()
  await expect(overview.getByText('20 GiB', { exact: true })).toBeVisible()
  expect(await page.getByTestId('connection-URL').textContent()).toBe(url)
})

test('a resize that the server refuses says so in its words', async ({ page, api, context }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  // Without the stream, the page misses that the storage has grown and offers less than there is.
  await context.route('**/api/events', (route) => route.abort())
  await page.goto(`/instances/${name}`)
  await page.getByRole('button', { name: 'Resize' }).click()
  await api.resize(name, { storage_gib: 30 })
  const dialog = page.getByRole('dialog', { name: `Resize ${name}` })
  await dialog.getByLabel('Storage').fill('20')
  const answer = page.waitForResponse(`**/api/instances/${name}`)
  await dialog.getByRole('button', { name: 'Resize instance' }).click()
  const problem = (await (await answer).json()) as { detail: string; errors: { message: string }[] }
  expect(problem.errors[0]?.message).toContain('can only grow')
  await expect(dialog.getByRole('alert')).toContainText(problem.detail, { ignoreCase: true })
  await expect(dialog.getByLabel('Storage')).toHaveAttribute('aria-invalid', 'true')
})

test('an instance that was deleted while the connection was lost is missed when it is back', async ({
  page,
  api,
  context,
}) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}`)
  await isLive(page)
  await context.setOffline(true)
  await api.delete(name)
  await expect.poll(() => api.stateOf(name)).toBe('gone')
  await context.setOffline(false)
  await expect(page.getByRole('heading', { name: `${name} was deleted` })).toBeVisible()
})

test("what can't be done is answered in the words of the server", async ({ page, api, context }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  // Without the stream, the page misses that the instance is gone and offers to stop it.
  await context.route('**/api/events', (route) => route.abort())
  await page.goto(`/instances/${name}`)
  const stop = page.getByRole('button', { name: 'Stop' })
  await expect(stop).toBeEnabled()
  await api.delete(name)
  await expect.poll(() => api.stateOf(name)).toBe('gone')
  const answer = page.waitForResponse(`**/api/instances/${name}/stop`)
  await stop.click()
  const problem = (await (await answer).json()) as { detail: string }
  await expect(page.getByRole('alert')).toContainText(problem.detail, { ignoreCase: true })
})

test('an instance is deleted only when its name is typed', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/settings`)
  await page.getByRole('button', { name: 'Delete instance' }).click()
  const dialog = page.getByRole('dialog', { name: `Delete ${name}?` })
  const confirm = dialog.getByRole('button', { name: 'Delete instance' })
  await expect(dialog.getByRole('textbox')).toBeFocused()
  await expect(confirm).toBeDisabled()
  await dialog.getByRole('textbox').fill(name.slice(0, -1))
  await expect(confirm).toBeDisabled()

  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('button', { name: 'Delete instance' })).toBeFocused()

  await page.keyboard.press('Enter')
  await dialog.getByRole('textbox').fill(name)
  await dialog.getByLabel('Remove it for good at once').check()
  await confirm.click()
  await expect(page.getByRole('heading', { name: `${name} was deleted` })).toBeVisible({ timeout: 45_000 })
  await page.getByRole('link', { name: 'All instances' }).click()
  await expect(page.getByRole('heading', { name: 'Instances' })).toBeVisible()
  await expect(page.locator(`[data-instance="${name}"]`)).toHaveCount(0)
  expect(await api.stateOf(name)).toBe('gone')
})

test('a deleted instance is found in the trash and brought back', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}/settings`)
  await page.getByRole('button', { name: 'Delete instance' }).click()
  const dialog = page.getByRole('dialog', { name: `Delete ${name}?` })
  await dialog.getByRole('textbox').fill(name)
  await dialog.getByRole('textbox').press('Enter')
  await expect(page.getByText('In trash', { exact: true })).toBeVisible({ timeout: 45_000 })
  await expect(page.getByText('it is removed for good at')).toBeVisible()

  await page.goto(`/instances?search=${name}`)
  await expect(page.getByText('No instance matches')).toBeVisible()
  await page.getByRole('button', { name: 'Trash', exact: true }).click()
  await page.getByRole('link', { name }).click()
  await page.getByRole('button', { name: 'Undelete' }).click()
  await expect(page.getByText('Running', { exact: true }).first()).toBeVisible({ timeout: 45_000 })
  await page.goto(`/instances?search=${name}`)
  await expect(page.locator(`[data-instance="${name}"]`)).toBeVisible()
})

test('a creation is cancelled and undone', async ({ page, api }) => {
  await signIn(page)
  // It takes a second or so: if it was done before it could be cancelled, the next one is tried.
  await expect(async () => {
    const name = api.adopt(newName())
    await page.goto('/instances/new')
    await page.getByLabel('Name').fill(name)
    await page.getByRole('button', { name: 'Create instance' }).click()
    const operation = page.getByRole('region', { name: `Create ${name}` })
    await operation.getByRole('button', { name: 'Cancel' }).click({ timeout: 3000 })
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel operation' }).click({ timeout: 1000 })
    await expect(page.getByRole('dialog')).toBeHidden()
    await expect(operation.getByText('Cancelled', { exact: true }).first()).toBeVisible()
    await expect(operation.locator('[data-step="undo"][data-state="succeeded"]')).toBeVisible()
    await expect(page.getByText('Failed', { exact: true })).toBeVisible()
  }).toPass({ timeout: 90_000 })
})
