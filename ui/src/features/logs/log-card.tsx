import { ChevronDown, Download, Pause, Play, Search } from 'lucide-react'
import { useLayoutEffect, useRef, useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button, buttonClass } from '@/components/button'
import { Card } from '@/components/card'
import { cx } from '@/lib/cx'

import { downloadURL, matching, newSince, type LogEntry } from './log-buffer'
import { useLog } from './use-log'

const SHOWN = 2000 // of the lines that are kept, so that the page stays quick

/** What the server of the instance called name writes, as it writes it. Followed only while it is looked at. */
export function LogCard({ name }: { name: string }) {
  const [open, setOpen] = useState(false)
  return (
    <Card
      title="Log"
      flush
      aside={
        <Button size="sm" aria-expanded={open} onClick={() => setOpen(!open)}>
          <ChevronDown aria-hidden className={cx('transition-transform', open && 'rotate-180')} />
          {open ? 'Hide log' : 'Show log'}
        </Button>
      }
    >
      {open ? (
        <LiveLog name={name} />
      ) : (
        <p className="px-5 py-4 text-ink-faint">What the server writes, line by line.</p>
      )}
    </Card>
  )
}

function LiveLog({ name }: { name: string }) {
  const { entries, status, error } = useLog(name)
  const [filter, setFilter] = useState('')
  const [held, setHeld] = useState<readonly LogEntry[]>()
  const lines = matching(held ?? entries, filter)

  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-b p-3 sm:px-5">
        <div className="relative min-w-40 flex-1">
          <Search
            aria-hidden
            className="pointer-events-none absolute top-1.5 left-2.5 size-4 text-ink-faint"
          />
          <input
            type="search"
            aria-label="Filter lines"
            placeholder="Filter lines"
            maxLength={200}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            className="h-7 w-full rounded-md border border-control bg-surface pr-2 pl-8 text-sm shadow-card placeholder:text-ink-faint hover:border-ink-faint"
          />
        </div>
        <Button size="sm" onClick={() => setHeld(held ? undefined : entries)}>
          {held ? <Play aria-hidden /> : <Pause aria-hidden />}
          {held ? 'Resume' : 'Pause'}
        </Button>
        <a
          className={buttonClass('secondary', 'sm')}
          href={downloadURL(name, filter)}
          download={`${name}.log`}
        >
          <Download aria-hidden />
          Download
        </a>
      </div>
      {error && (
        <div className="p-3 sm:px-5">
          <ErrorAlert error={error} />
        </div>
      )}
      <Lines lines={lines.slice(-SHOWN)} />
      <p className="border-t px-4 py-2 text-sm text-ink-faint sm:px-5" data-testid="log-status">
        {held
          ? `Paused, ${newSince(held, entries)} new lines`
          : { connecting: 'Connecting…', live: 'Live', reconnecting: 'Reconnecting…', ended: 'Ended' }[
              status
            ]}
        {filter && ` · ${lines.length} lines match`}
      </p>
    </>
  )
}

// The end stays in sight, unless somebody has scrolled away from it.
function Lines({ lines }: { lines: readonly LogEntry[] }) {
  const box = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useLayoutEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight
  }, [lines])
  return (
    <div
      ref={box}
      role="log"
      aria-live="off"
      aria-label="Lines of the log"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 24
      }}
      className="h-80 overflow-auto bg-sunken px-4 py-3 font-mono text-xs leading-5 sm:px-5"
    >
      {lines.length === 0 && <p className="text-ink-faint">No lines.</p>}
      {lines.map((line) => (
        <div
          key={line.id}
          className={cx('min-h-5 wrap-anywhere whitespace-pre-wrap', line.note && 'text-warn-ink italic')}
        >
          {line.text}
        </div>
      ))}
    </div>
  )
}
