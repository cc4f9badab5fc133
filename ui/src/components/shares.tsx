import type { ReactNode } from 'react'

import { cx } from '@/lib/cx'

import { Dot, type Tone } from './badge'

const bars: Record<Tone, string> = {
  good: 'bg-good',
  bad: 'bg-bad',
  warn: 'bg-warn',
  busy: 'bg-busy',
  neutral: 'bg-ink-faint',
}

interface Share {
  label: string
  n: number
  tone: Tone
  /** It is not among the total. */
  apart?: boolean
  /** Makes a link of the label. */
  link?: (label: ReactNode) => ReactNode
}

/** How a number is made up: a bar, and each part with its own number. */
export function Shares({ total, what, parts }: { total: number; what: string; parts: Share[] }) {
  return (
    <>
      <p className="flex items-baseline gap-2">
        <span className="tabular text-2xl font-semibold tracking-tight">{total}</span>
        <span className="text-ink-faint">{what}</span>
      </p>
      <div aria-hidden className="mt-3 flex h-2 gap-0.5 overflow-hidden rounded-full bg-sunken">
        {parts
          .filter(({ n, apart }) => n > 0 && !apart)
          .map(({ label, n, tone }) => (
            <div key={label} className={bars[tone]} style={{ width: `${(100 * n) / total}%` }} />
          ))}
      </div>
      <ul className="mt-3">
        {parts.map(({ label, n, tone, link }) => (
          <li key={label} className={cx('flex h-7 items-center gap-2.5', n === 0 && 'text-ink-faint')}>
            <Dot tone={n === 0 ? 'neutral' : tone} />
            {link ? link(label) : label}
            <span className="tabular ml-auto">{n}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
