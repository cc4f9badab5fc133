import type { Page } from '@playwright/test'

import { admin, expect, isAccessible, isLive, test } from './support'

// Run by test/signin, which has an OpenID Connect provider and an API that trusts it.
const title = process.env.PROVIDER ?? ''

test('whoever signs in with a provider comes back to the page that was asked for', async ({ page }) => {
  await page.goto('/operations?state=failed')
  await expect(page).toHaveURL(/\/sign-in\?return_to=/)
  await expect(page.getByRole('link', { name: `Sign in with ${title}` })).toBeVisible()
  await isAccessible(page)
  await signInThere(page, admin.username)
  await expect(page).toHaveURL('/operations?state=failed')
  await isLive(page)
  await expect(page.getByLabel('State')).toHaveValue('failed')

  await page.getByRole('button', { name: 'User menu of anna@example.com' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in to Toygres' })).toBeVisible()
  expect((await page.request.get('/api/me')).status()).toBe(401)
})

test('whom a provider knows but nobody lets in reads why, and stays out', async ({ page }) => {
  await page.goto('/sign-in')
  await signInThere(page, 'eve')
  await expect(page).toHaveURL((url) => url.pathname === '/sign-in')
  await expect(page.getByRole('alert')).toContainText('domain')
  await isAccessible(page)
  expect((await page.request.get('/api/me')).status()).toBe(401)
})

async function signInThere(page: Page, username: string): Promise<void> {
  await page.getByRole('link', { name: `Sign in with ${title}` }).click()
  await page.getByLabel('Username:').fill(username)
  await page.getByLabel('Password:').fill(admin.password)
  await page.getByRole('button', { name: 'Login' }).click()
}
