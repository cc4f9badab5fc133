/**
 * When what has the focus leaves the page, as a button does whose work is done, moves the focus to the heading of what it
 * stood in: a keyboard goes on from there, and not from the top.
 */
export function keepFocus() {
  let path: Element[] = [] // what has the focus, and all that it stands in
  document.addEventListener('focusin', ({ target }) => {
    path = []
    if (!(target instanceof Element) || !target.closest('main')) return
    for (let at: Element | null = target; at; at = at.parentElement) path.push(at)
  })
  document.addEventListener('focusout', () =>
    queueMicrotask(() => {
      if (path[0]?.isConnected && isNowhere()) path = [] // the user has left it
    }),
  )
  new MutationObserver(() => {
    if (path.length === 0 || path[0]?.isConnected || !isNowhere()) return
    const heading = path
      .filter((element) => element.isConnected)
      .map((element) => element.querySelector<HTMLElement>('h1, h2'))
      .find((found) => found !== null)
    if (!heading) return
    heading.tabIndex = -1
    heading.focus({ preventScroll: true })
  }).observe(document.body, { childList: true, subtree: true })
}

function isNowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body
}
