import { expect, newName, signIn, test } from './support'

test('the list is searched and filtered, and the URL remembers how', async ({ page, api }) => {
  const [running, stopped] = [newName(), newName()]
  await api.createRunning(running)
  await api.createRunning(stopped)
  await api.stop(stopped)
  await signIn(page)
  await page.goto('/instances')
  const row = (name: string) => page.locator(`[data-instance="${name}"]`)
  await expect(row(running)).toBeVisible()
  await expect(row(stopped)).toBeVisible()

  await page.getByRole('button', { name: 'Stopped' }).click()
  await expect(row(running)).toBeHidden()
  await expect(row(stopped)).toBeVisible()
  await expect(page).toHaveURL(/state=stopped/)

  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox')).toBeFocused()
  await page.keyboard.type(running)
  await expect(page.getByText('No instance matches')).toBeVisible()
  await expect(page).toHaveURL(new RegExp(`search=${running}`))

  await page.getByRole('button', { name: 'All' }).click()
  await expect(row(running)).toBeVisible()
  await expect(row(stopped)).toBeHidden()
  await page.reload()
  await expect(page.getByRole('searchbox')).toHaveValue(running)
  await expect(row(running)).toBeVisible()
  await expect(row(stopped)).toBeHidden()

  await page.getByRole('searchbox').fill('no-such-instance')
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await expect(page).toHaveURL(/\/instances$/)
  await expect(row(stopped)).toBeVisible()
})

test('the next page is loaded on demand', async ({ page, api }) => {
  const [older, newer] = [newName(), newName()]
  await api.createRunning(older)
  await api.createRunning(newer)
  await signIn(page)
  // The real server with small pages, so that two instances are enough.
  await page.route(/\/api\/instances\?/, (route) =>
    route.continue({ url: route.request().url().replace('limit=50', 'limit=1') }),
  )
  await page.goto('/instances')
  await expect(page.locator(`[data-instance="${newer}"]`)).toBeVisible()
  await expect(page.locator(`[data-instance="${older}"]`)).toBeHidden()
  await page.getByRole('button', { name: 'Load more' }).click()
  await expect(page.locator(`[data-instance="${older}"]`)).toBeVisible()
  await expect(page.locator(`[data-instance="${newer}"]`)).toBeVisible()
})

test('dates are humanised, with the exact UTC time on hover', async ({ page, api }) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}`)
  const created = page.getByRole('region', { name: 'Overview' }).locator('time').first()
  await expect(created).toHaveText(/just now|seconds? ago|minutes? ago/)
  await expect(created).toHaveAttribute('title', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
})

test('what is not there is said so', async ({ page }) => {
  await signIn(page)
  await page.goto('/no/such/page')
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible()
  await page.goto('/instances/nobody-made-this')
  await expect(page.getByRole('heading', { name: 'There is no instance nobody-made-this' })).toBeVisible()
})

test('the API docs open from the header without an external host', async ({ page, baseURL }) => {
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(baseURL ?? '-'))
      elsewhere.push(request.url())
  })
  await signIn(page)
  await page.goto('/instances')
  await page.getByRole('link', { name: 'API docs' }).click()
  await expect(page.getByText('Create an instance', { exact: true })).toBeVisible()
  expect(elsewhere).toEqual([])
})
