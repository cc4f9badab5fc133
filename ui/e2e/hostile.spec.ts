import { expect, newName, signIn, test } from './support'

const markup = '<img src=x onerror=alert(1)>"\'{{7*7}}'

test('markup in a name, a search or an answer is shown as text', async ({ page }) => {
  await signIn(page)
  await page.goto(`/instances/${encodeURIComponent(markup)}`)
  await expect(page.getByRole('heading', { name: `There is no instance ${markup}` })).toBeVisible()
  await expect(page).toHaveTitle(`${markup} · Toygres`)

  await page.goto(`/instances?search=${encodeURIComponent(markup)}`)
  await expect(page.getByRole('searchbox')).toHaveValue(markup)
  await expect(page.getByText('No instance matches')).toBeVisible()

  await page.goto('/instances/new')
  await page.getByLabel('Name').fill(markup) // whose braces ask for many
  await expect(page.getByText('Must have one range of numbers in braces')).toBeVisible()
  await page.getByLabel('Name').fill(markup.replace(/[{}]/g, ''))
  await expect(page.getByText('Must be lower-case letters')).toBeVisible()
  await page.getByLabel('Name').fill('any-name')
  const network = '<img/src=x/onerror=alert(1)>'
  await page.getByLabel('Allowed networks').fill(network) // which the server repeats
  await expect(page.getByText(`"${network}" is no network`).first()).toBeVisible()
  await expect(page.locator('img')).toHaveCount(0)
})

test('markup in what people say of an instance is shown as text', async ({ page, api }) => {
  const name = newName()
  await api.create(name, { display_name: markup, description: markup, tags: { team: markup } })
  await signIn(page)
  await page.goto(`/instances?search=${name}&columns=tags&tag=${encodeURIComponent(`team=${markup}`)}`)
  const row = page.locator(`[data-instance="${name}"]`)
  await expect(row.getByText(markup, { exact: true })).toBeVisible({ timeout: 90_000 })
  await expect(page.getByLabel('Tag')).toHaveValue(`team=${markup}`)
  await expect(page.locator('img')).toHaveCount(0)
})

test('inline script does not run, whoever inserts it', async ({ page }) => {
  await signIn(page)
  const response = await page.goto('/instances')
  const policy = response?.headers()['content-security-policy'] ?? ''
  expect(policy).toContain("default-src 'self'")
  expect(policy).not.toContain('unsafe')
})
