import { expect, isAccessible, newName, signIn, test } from './support'

test('the command palette goes to a page or an instance, does things, and gives the focus back', async ({
  page,
  api,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const name = newName()
  await api.createRunning(name)
  await signIn(page)
  await page.goto('/')
  const palette = page.getByRole('dialog', { name: 'Search or go to' })
  const search = palette.getByRole('combobox')
  const button = page.getByRole('button', { name: 'Search or go to' })

  await button.click()
  await search.fill('audit')
  await isAccessible(page)
  await search.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Audit log' })).toBeFocused()

  await page.keyboard.press('Control+k')
  await search.fill(name)
  await expect(palette.getByRole('option', { name, exact: true })).toHaveAttribute('aria-selected', 'true')
  await search.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()

  await button.focus()
  await page.keyboard.press('Control+k')
  await search.fill(`copy ${name}`)
  await expect(palette.getByRole('option')).toHaveCount(1)
  await search.press('Enter')
  await expect(page.getByText(`Copied the connection command of ${name}`)).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
    /^psql '?postgres(ql)?:\/\/postgres@\S+:\d+\//,
  )
  await expect(button).toBeFocused()

  await page.keyboard.press('Control+k')
  await search.fill('dark')
  await search.press('Enter')
  await expect(page.locator('html')).toHaveClass(/dark/)
  await page.keyboard.press('Control+k')
  await search.fill('nothing is called so')
  await expect(palette.getByText('Nothing is called so.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(palette).toHaveCount(0)
  await expect(button).toBeFocused()
})

test('a slash goes to the search of the page or of everything, and a question mark tells the keys', async ({
  page,
}) => {
  await signIn(page)
  await page.goto('/instances')
  await expect(page.getByRole('searchbox')).toBeVisible()
  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox')).toBeFocused()
  await page.keyboard.type('?/') // as text
  await expect(page.getByRole('searchbox')).toHaveValue('?/')

  await page.goto('/system')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await page.keyboard.press('/')
  await expect(page.getByRole('dialog', { name: 'Search or go to' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
  await isAccessible(page)
})
