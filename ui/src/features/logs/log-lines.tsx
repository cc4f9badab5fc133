import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDownToLine } from 'lucide-react'
import { useRef } from 'react'

import { Button } from '@/components/button'
import { cx } from '@/lib/cx'

import type { LogEntry } from './log-buffer'
import type { Severity } from './severity'

const LINE = 20 // pixels of a line that is not wrapped
const NEAR_END = 24 // pixels that count as the end

const looks: Record<Severity, string> = {
  debug: 'text-ink-faint',
  log: '',
  warning: 'text-warn-ink',
  error: 'text-bad-ink',
  fatal: 'font-semibold text-bad-ink',
}

/**
 * Lines of a log, of which only those in sight are in the page. The end stays in sight unless somebody has scrolled away from
 * it; then what they read stays where it is, whatever comes or goes.
 */
export function LogLines({ lines }: { lines: readonly LogEntry[] }) {
  const box = useRef<HTMLDivElement>(null)
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler leaves this component as it is
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    getItemKey: (index) => lines[index]?.id ?? index,
    overscan: 20,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: NEAR_END,
    paddingStart: 12,
    paddingEnd: 12,
  })
  return (
    <div className="relative">
      <div
        ref={box}
        role="log"
        aria-live="off"
        aria-label="Lines of the log"
        tabIndex={0}
        className="h-[max(20rem,calc(100dvh-26rem))] overflow-y-auto bg-sunken font-mono text-xs leading-5"
      >
        {lines.length === 0 && <p className="px-4 py-3 text-ink-faint sm:px-5">No lines.</p>}
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index]
            return (
              line && (
                <div
                  key={item.key}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  style={{ transform: `translateY(${item.start}px)` }}
                  className={cx(
                    'absolute inset-x-0 top-0 min-h-5 px-4 wrap-anywhere whitespace-pre-wrap sm:px-5',
                    line.note ? 'text-warn-ink italic' : looks[line.severity],
                  )}
                >
                  {line.text}
                </div>
              )
            )
          })}
        </div>
      </div>
      {lines.length > 0 && !virtual.isAtEnd(NEAR_END) && (
        <Button
          size="sm"
          className="absolute right-6 bottom-3 shadow-lift"
          onClick={() => virtual.scrollToEnd()}
        >
          <ArrowDownToLine aria-hidden />
          Follow the end
        </Button>
      )}
    </div>
  )
}
