import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'

import { copyText } from '@/lib/browser'
import { cx } from '@/lib/cx'

const SHOWN_MS = 1600

interface Props {
  text: string
  /** What is copied, for example "host"; for screen readers and the tooltip. */
  what: string
  className?: string
}

export function CopyButton({ text, what, className }: Props) {
  const [result, setResult] = useState<'copied' | 'failed'>()
  useEffect(() => {
    if (result === undefined) return
    const timer = setTimeout(() => setResult(undefined), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [result])

  const copy = () =>
    void copyText(text).then(
      () => setResult('copied'),
      () => setResult('failed'),
    )
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={`Copy ${what}`}
      title={result === 'failed' ? 'The browser did not allow copying' : `Copy ${what}`}
      className={cx(
        'relative z-10 grid size-7 shrink-0 place-items-center rounded-md text-ink-faint transition-colors hover:bg-sunken hover:text-ink',
        result === 'failed' && 'text-bad-ink',
        className,
      )}
    >
      {result === 'copied' ? (
        <Check className="size-3.5 text-good-ink" aria-hidden />
      ) : (
        <Copy className="size-3.5" aria-hidden />
      )}
      <span className="sr-only" role="status">
        {result === 'copied' && `Copied ${what}`}
        {result === 'failed' && 'Copying failed'}
      </span>
    </button>
  )
}
