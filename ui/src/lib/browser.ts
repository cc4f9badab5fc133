/** A random UUID, also where crypto.randomUUID is missing: on pages served by plain HTTP. */
export function newUUID(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Copies text, also where navigator.clipboard is missing: on pages served by plain HTTP. */
export async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text)
    return
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'sr-only'
  const focused = document.activeElement
  document.body.append(area)
  try {
    area.select()
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without TLS
    if (!document.execCommand('copy')) throw new Error('the browser did not allow copying')
  } finally {
    area.remove()
    if (focused instanceof HTMLElement) focused.focus()
  }
}

/** Hands text to the user as a file. */
export function saveFile(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  link.download = name
  link.click()
  // Not before the browser has begun with it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
