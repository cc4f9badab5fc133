// Sets the theme before the first paint; src/lib/theme.ts changes it later.
;(function () {
  var theme = null
  try {
    theme = localStorage.getItem('toygres.theme')
  } catch {
    // Storage is blocked: follow the system.
  }
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
