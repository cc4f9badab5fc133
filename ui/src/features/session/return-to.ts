/** Where to go when nothing better is known. */
export const HOME = '/'

/**
 * The page to go to after signing in. It comes from the URL, so anything but a
 * path of our own, which could lead the user to a look-alike site, is HOME.
 */
export function safeReturnTo(wanted: string | undefined): string {
  if (!wanted?.startsWith('/')) return HOME
  const base = 'https://toygres.invalid'
  let url
  try {
    url = new URL(wanted, base)
  } catch {
    return HOME
  }
  if (url.origin !== base || url.pathname === '/sign-in') return HOME
  return url.pathname + url.search + url.hash
}
