import type { newRouter } from './router'

/**
 * Moves the focus to the heading of each page that is gone to, so that who can't see the page hears which it is and goes on
 * from its beginning. A page that has taken the focus itself keeps it.
 */
export function focusHeadings(router: ReturnType<typeof newRouter>) {
  router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
    if (!fromLocation || !pathChanged) return
    const main = document.querySelector('main')
    if (!main || main.contains(document.activeElement)) return
    const heading = main.querySelector('h1') ?? main
    heading.tabIndex = -1
    heading.focus({ preventScroll: true })
  })
}
