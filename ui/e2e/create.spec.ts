import { writeFileSync } from 'node:fs'
import path from 'node:path'

import { expect, isAccessible, isLive, newName, saveAuthority, signIn, test } from './support'

const urlFile = process.env.CONNECTION_URL_FILE

test('an instance is created while its steps go by, and its connection is shown', async ({ page, api }) => {
  await signIn(page)
  await page.goto('/instances')
  await page.getByRole('link', { name: 'New instance' }).click()
  await expect(page.getByRole('heading', { name: 'New instance' })).toBeVisible() // the address changes before the page
  const name = urlFile ? newName() : api.adopt(newName()) // others who try the URL need the instance
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Create instance' }).click()

  await expect(page).toHaveURL(`/instances/${name}`)
  const steps = page.getByRole('region', { name: `Create ${name}` })
  for (const step of ['provision', 'wait for ready', 'test connection', 'mark running']) {
    await expect(steps.locator(`[data-step="${step}"]`)).toBeVisible()
  }
  await expect(steps.locator('[data-state="succeeded"]')).toHaveCount(4, { timeout: 90_000 })
  await expect(steps.getByRole('status')).toHaveText('Create succeeded.')
  await expect(page.getByText('Running', { exact: true })).toBeVisible()
  await expect(page.locator('[data-event="instance.state"]').first()).toBeVisible()

  const url = page.getByTestId('connection-URL')
  await expect(url).toHaveText(/^postgres(ql)?:\/\/postgres@[^/]+:\d+\/postgres\?/)
  await page.getByRole('link', { name: 'All ways to connect' }).click()
  await page.getByRole('tab', { name: 'URL' }).click()
  await page.getByRole('button', { name: 'Reveal password' }).click()
  await expect(url).toHaveText(/^postgres(ql)?:\/\/postgres:[^@]+@[^/]+:\d+\/postgres\?/)
  if (urlFile) {
    const revealed = (await url.textContent()) ?? ''
    const authority = await saveAuthority(page, path.dirname(urlFile))
    writeFileSync(urlFile, authority ? revealed.replace(path.basename(authority), authority) : revealed, {
      mode: 0o600,
    })
  }
})

test('rules are explained while typing, and nothing is sent that breaks them', async ({ page }) => {
  await signIn(page)
  let sent = 0
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/instances')) sent++
  })
  await page.goto('/instances/new')
  const name = page.getByLabel('Name')
  await name.fill('My_DB')
  await expect(page.getByText('Must be lower-case letters')).toBeVisible()
  await name.fill('postgres')
  await expect(page.getByText('"postgres" is reserved')).toBeVisible()
  await name.fill('a'.repeat(41))
  await expect(page.getByText('Must have at most 40 characters, not 41')).toBeVisible()
  await name.fill('mydb')
  await expect(name).not.toHaveAttribute('aria-invalid')

  await page.getByText('Custom').click()
  await page.getByRole('textbox', { name: 'CPU' }).fill('0.01')
  await expect(page.getByText('Must be between 0.1 and 128 CPU')).toBeVisible()
  const storage = page.getByLabel('Storage')
  await storage.fill('0')
  await expect(page.getByText('Must be between 1 and 16384 GiB')).toBeVisible()
  await page.getByRole('button', { name: 'Create instance' }).click()
  await expect(page.getByRole('textbox', { name: 'CPU' })).toBeFocused()
  expect(sent).toBe(0)
})

test("the plan and the server's rules are shown before anything is made", async ({ page, api }) => {
  const name = api.adopt(newName())
  await signIn(page)
  await page.goto('/instances/new')
  const preview = page.getByRole('region', { name: 'What will be made' })
  await expect(preview.getByText('Give it a name')).toBeVisible()
  await page.getByLabel('Name').fill(name)
  await expect(preview.getByRole('list', { name: 'Steps' }).getByRole('listitem')).toContainText([
    'Provision',
    'Wait for ready',
    'Test connection',
    'Mark running',
  ])
  await page.getByLabel('Allowed networks').fill('10.0.0.1/8')
  await expect(page.getByText('"10.0.0.1/8" is not written in full; write 10.0.0.0/8').first()).toBeVisible()
  await expect(preview.getByText('It can’t be made like this.')).toBeVisible()
  await page.getByLabel('Allowed networks').fill('10.0.0.0/8, 127.0.0.0/8')
  await page.getByLabel('PostgreSQL parameters').fill('work_mem = much')
  await expect(page.getByLabel('PostgreSQL parameters')).toHaveAttribute('aria-invalid', 'true')
  await page.getByLabel('PostgreSQL parameters').fill('work_mem = 8MB')
  await page.getByLabel('Tags').fill('team = shop')
  await page.getByLabel('Description').fill('Orders of the shop')
  await page.getByLabel('Protect against deletion').check()
  await expect(preview.getByText('10.0.0.0/8, 127.0.0.0/8')).toBeVisible()
  await expect(preview.getByText('8MB')).toBeVisible()
  await isAccessible(page)

  await page.getByLabel('How many').fill('12')
  await expect(preview.getByText(`12: ${name}-01 to ${name}-12`)).toBeVisible()
  await page.getByLabel('How many').fill('501')
  await expect(page.getByText('Must be between 1 and 500')).toBeVisible()
  await page.getByLabel('How many').fill('1')
  await page.getByRole('button', { name: 'Create instance' }).click()
  await expect(page).toHaveURL(`/instances/${name}`)
  await api.reaches(name, 'running')
  await page.goto(`/instances?tag=team=shop&search=${name}`)
  await expect(page.locator(`[data-instance="${name}"]`)).toBeVisible()
  // What is protected is cleaned up only when it no longer is.
  await api.protect(name, false)

  await page.goto('/instances/new')
  await page.getByLabel('Name').fill(name)
  await expect(page.getByText('Is in use')).toBeVisible()
  await expect(preview.getByText(/there is an instance/i)).toBeVisible()
})

test('of many it is said before which names can’t be made', async ({ page, api }) => {
  const name = newName()
  await api.create(`${name}-3`)
  await signIn(page)
  await page.goto('/instances/new')
  const preview = page.getByRole('region', { name: 'What will be made' })
  const refused = preview.getByRole('list', { name: 'Refused' }).getByRole('listitem')
  await page.getByLabel('Name').fill(`${name}-{2..4}`)
  await expect(preview.getByText('1 of 3 can’t be made now.')).toBeVisible()
  await expect(refused).toHaveText(new RegExp(`^${name}-3There is an instance "${name}-3" already`))
  await expect(preview.getByRole('list', { name: 'Steps' })).toBeVisible()
  await isAccessible(page)
  await page.getByLabel('Name').fill(`${name}-{4..6}`)
  await expect(preview.getByText(`3: ${name}-4 to ${name}-6`)).toBeVisible()
  await expect(refused).toHaveCount(0)
})

test("the server's word on a name stands at the field", async ({ page, api }) => {
  const name = newName()
  await api.create(name)
  await signIn(page)
  await page.goto('/instances/new')
  await page.getByLabel('Name').fill(name)
  const answer = page.waitForResponse(
    (r) => r.request().method() === 'POST' && r.url().endsWith('/api/instances'),
  )
  await page.getByRole('button', { name: 'Create instance' }).click()
  const problem = (await (await answer).json()) as {
    status: number
    detail: string
    errors: { message: string }[]
  }
  expect(problem.status).toBe(409)
  await expect(page.getByRole('alert')).toContainText(problem.detail, { ignoreCase: true })
  const input = page.getByLabel('Name')
  await expect(input).toHaveAttribute('aria-invalid', 'true')
  await expect(input).toHaveAccessibleDescription(new RegExp(problem.errors[0]?.message ?? '-', 'i'))
  await expect(input).toBeFocused()
  await input.fill(`${name}x`)
  await expect(input).not.toHaveAttribute('aria-invalid')
  await api.reaches(name, 'running')
})

test('an instance that another one creates appears by itself', async ({ page, api }) => {
  await signIn(page)
  await page.goto('/instances')
  await isLive(page)
  const name = newName()
  await api.create(name)
  const row = page.locator(`[data-instance="${name}"]`)
  await expect(row).toBeVisible()
  await expect(row.getByText('Running')).toBeVisible({ timeout: 90_000 })
})
