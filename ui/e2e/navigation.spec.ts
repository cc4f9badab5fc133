import { expect, goTo, isAccessible, signIn, test } from './support'

test('the navigation leads to every page, names the tab, and moves the focus to the heading', async ({
  page,
}) => {
  await signIn(page)
  await page.goto('/instances')
  for (const name of [
    'Batches',
    'Operations',
    'Runtime images',
    'System',
    'People',
    'Audit log',
    'Instances',
  ]) {
    await goTo(page, name)
    await expect(page).toHaveTitle(`${name} · Toygres`)
    await expect(page.getByRole('heading', { level: 1, name })).toBeFocused()
  }
})

test('on a phone the navigation is a sheet that gives the focus back', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await signIn(page)
  await page.goto('/instances')
  const menu = page.getByRole('button', { name: 'Menu', exact: true })
  await menu.click()
  const sheet = page.getByRole('dialog', { name: 'Menu' })
  await expect(sheet.getByRole('link', { name: 'Instances' })).toHaveAttribute('aria-current', 'page')
  await isAccessible(page)
  await page.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)
  await expect(menu).toBeFocused()
})
