import { expect, goTo, isAccessible, isLive, newName, signIn, test } from './support'

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

test('the list is filtered by tag and version, sorted, and shows other columns, all by its URL', async ({
  page,
  api,
}, { project }) => {
  const name = newName()
  await Promise.all(
    [1, 2, 3].map((n) => api.create(`${name}-${n}`, n === 2 ? {} : { tags: { team: 'shop' } })),
  )
  await signIn(page)
  await page.goto(`/instances?search=${name}`)
  const shown = page.locator('[data-instance]')
  await expect(shown).toHaveCount(3)
  await page.getByLabel('Tag').fill('team=shop')
  await expect(shown).toHaveCount(2)
  await expect(page).toHaveURL(/tag=team(=|%3D)shop/)

  const names = () => shown.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-instance')))
  if (project.name === 'phone') {
    await page.getByLabel('Sort').selectOption({ label: 'Name, Z to A' })
  } else {
    const byName = page.getByRole('button', { name: 'Name', exact: true })
    await byName.click()
    await expect.poll(names).toEqual([`${name}-1`, `${name}-3`])
    await byName.click()
    await expect(page.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'descending')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Tags' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Size' }).click()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('columnheader', { name: 'Size' })).toHaveCount(0)
  }
  await expect.poll(names).toEqual([`${name}-3`, `${name}-1`])
  await page.reload()
  await expect.poll(names).toEqual([`${name}-3`, `${name}-1`])
  if (project.name !== 'phone') await expect(shown.first().getByText('team=shop')).toBeVisible()
  await page.getByLabel('Version').selectOption({ index: 1 })
  await expect(page).toHaveURL(/version=1\d/)
  await isAccessible(page)
})

test('the next page is loaded on demand, also when something happens meanwhile', async ({ page, api }) => {
  const [older, newer] = [newName(), newName()]
  await api.createRunning(older)
  await api.createRunning(newer)
  await signIn(page)
  // The real server with small pages, so that two instances are enough.
  const small = (url: string) => url.replace('limit=50', 'limit=1')
  const first = /\/api\/instances\?(?!.*cursor=)/
  await page.route(first, (route) => route.continue({ url: small(route.request().url()) }))
  let asked = 0
  await page.route(/\/api\/instances\?.*cursor=/, async (route) => {
    if (asked++ === 0) {
      const again = page.waitForRequest(first)
      await api.protect(newer, true)
      await again
    }
    await route.continue({ url: small(route.request().url()) })
  })
  await page.goto('/instances')
  await isLive(page)
  await expect(page.locator(`[data-instance="${newer}"]`)).toBeVisible()
  await expect(page.locator(`[data-instance="${older}"]`)).toBeHidden()
  await page.getByRole('button', { name: 'Load more' }).click()
  await expect(page.locator(`[data-instance="${older}"]`)).toBeVisible()
  await expect(page.locator(`[data-instance="${newer}"]`)).toBeVisible()
  expect(asked).toBeGreaterThan(1)
  await api.protect(newer, false)
})

test('dates are humanised, with the exact time on hover, in UTC and where the user is', async ({
  page,
  api,
}) => {
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto(`/instances/${name}`)
  const created = page.getByRole('region', { name: 'Overview' }).locator('time').first()
  await expect(created).toHaveText(/just now|seconds? ago|minutes? ago/)
  await expect(created).toHaveAttribute('title', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n.+ GMT\+[12]$/)
})

test('what is not there is said so', async ({ page }) => {
  await signIn(page)
  await page.goto('/no/such/page')
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible()
  await page.goto('/instances/nobody-made-this')
  await expect(page.getByRole('heading', { name: 'There is no instance nobody-made-this' })).toBeVisible()
})

test('the API docs open without an external host', async ({ page, baseURL }) => {
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(baseURL ?? '-'))
      elsewhere.push(request.url())
  })
  await signIn(page)
  await page.goto('/instances')
  await goTo(page, 'API docs')
  await expect(page.getByText('Create an instance', { exact: true })).toBeVisible()
  expect(elsewhere).toEqual([])
})
