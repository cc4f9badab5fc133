import { Download, Pause, Play, Search } from 'lucide-react'
import { useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button, buttonClass } from '@/components/button'
import { Card } from '@/components/card'

import { downloadURL, matching, newSince, type LogEntry } from './log-buffer'
import { LogLines } from './log-lines'
import { severities, type Severity } from './severity'
import { useLog } from './use-log'

const leasts: Record<Severity, string> = {
  debug: 'All lines',
  log: 'Without debug lines',
  warning: 'Warnings and worse',
  error: 'Errors and worse',
  fatal: 'Fatal errors',
}

/** What the server of the instance called name writes, as it writes it. */
export function LogCard({ name }: { name: string }) {
  const { entries, status, error } = useLog(name)
  const [text, setText] = useState('')
  const [least, setLeast] = useState<Severity>('debug')
  const [held, setHeld] = useState<readonly LogEntry[]>()
  const lines = matching(held ?? entries, { text, least })
  const filtered = text !== '' || least !== 'debug'
  const control =
    'h-7 rounded-md border border-control bg-surface text-sm shadow-card placeholder:text-ink-faint hover:border-ink-faint'

  return (
    <Card title="Log" flush>
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
            value={text}
            onChange={(event) => setText(event.target.value)}
            className={`${control} w-full pr-2 pl-8`}
          />
        </div>
        <select
          aria-label="Level"
          value={least}
          onChange={(event) => setLeast(severities.find((each) => each === event.target.value) ?? 'debug')}
          className={`${control} px-2`}
        >
          {severities.map((severity) => (
            <option key={severity} value={severity}>
              {leasts[severity]}
            </option>
          ))}
        </select>
        <Button size="sm" onClick={() => setHeld(held ? undefined : entries)}>
          {held ? <Play aria-hidden /> : <Pause aria-hidden />}
          {held ? 'Resume' : 'Pause'}
        </Button>
        <a className={buttonClass('secondary', 'sm')} href={downloadURL(name, text)} download={`${name}.log`}>
          <Download aria-hidden />
          Download
        </a>
      </div>
      {error && (
        <div className="p-3 sm:px-5">
          <ErrorAlert error={error} />
        </div>
      )}
      <LogLines lines={lines} />
      <p className="border-t px-4 py-2 text-sm text-ink-faint sm:px-5" data-testid="log-status">
        {held
          ? `Paused, ${newSince(held, entries)} new lines`
          : { connecting: 'Connecting…', live: 'Live', reconnecting: 'Reconnecting…', ended: 'Ended' }[
              status
            ]}
        {filtered && ` · ${lines.filter((line) => !line.note).length} lines match`}
      </p>
    </Card>
  )
}
