import { useQuery } from '@tanstack/react-query'
import { Download, Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { CopyButton } from '@/components/copy-button'
import { Skeleton } from '@/components/skeleton'
import { Tabs } from '@/components/tabs'
import type { Schema } from '@/lib/api'
import { saveFile } from '@/lib/browser'

import { StoppedNote } from './connection-summary'
import { connectionQuery, useRevealConnection } from './queries'
import { RotatePasswordButton } from './rotate-password'
import { Snippet } from './snippet'
import { authorityFile, snippets } from './snippets'

const HIDDEN = '••••••••••••'

interface Props {
  instance: Schema<'Instance'>
  canReveal: boolean
  /** Told of the rotation of the password. */
  onStarted: (operation: Schema<'Operation'>) => void
}

/** How to connect to an instance with each kind of client. The password is fetched only when asked for. */
export function ConnectCard({ instance, canReveal, onStarted }: Props) {
  const connection = useQuery(connectionQuery(instance))
  const reveal = useRevealConnection(instance.name)
  const [shown, setShown] = useState<Schema<'Connection'>>()
  const details = shown ?? connection.data

  if (connection.isError && !details) {
    return (
      <ErrorAlert
        error={connection.error}
        action={
          <Button size="sm" onClick={() => void connection.refetch()}>
            Try again
          </Button>
        }
      />
    )
  }
  return (
    <div className="flex flex-col gap-5">
      <Card
        title="Connection"
        flush
        aside={
          canReveal && (
            <div className="flex flex-wrap gap-2">
              <RotatePasswordButton
                instance={instance}
                onStarted={(operation) => {
                  setShown(undefined) // it won't work for much longer
                  onStarted(operation)
                }}
              />
              {shown ? (
                <Button size="sm" onClick={() => setShown(undefined)}>
                  <EyeOff aria-hidden />
                  Hide password
                </Button>
              ) : (
                <Button
                  size="sm"
                  pending={reveal.isPending}
                  onClick={() => reveal.mutate(undefined, { onSuccess: setShown })}
                >
                  <Eye aria-hidden />
                  Reveal password
                </Button>
              )}
            </div>
          )
        }
      >
        {(reveal.isError || instance.state === 'stopped') && (
          <div className="px-4 pt-4 sm:px-5">
            {reveal.isError && <ErrorAlert error={reveal.error} className="mb-4" />}
            <StoppedNote instance={instance} />
          </div>
        )}
        <Ways connection={details} name={instance.name} />
        {canReveal && (
          <p className="border-t px-4 py-2 text-sm text-ink-faint sm:px-5">
            Revealing the password is recorded as an event.
          </p>
        )}
      </Card>
      <Facts connection={details} name={instance.name} />
    </div>
  )
}

function Ways({ connection: c, name }: { connection: Schema<'Connection'> | undefined; name: string }) {
  const [chosen, setChosen] = useState('psql')
  if (!c) {
    return (
      <div className="p-4 sm:p-5">
        <Skeleton className="h-10" />
      </div>
    )
  }
  return (
    <Tabs
      label="Client"
      value={chosen}
      onChange={setChosen}
      tabs={snippets(c, name).map(({ key, label, text, withoutPassword }) => ({
        value: key,
        label,
        content: (
          <>
            <Snippet what={key} text={text} />
            {(c.password === undefined || c.ca_certificate) && (
              <p className="mt-2 text-sm text-ink-faint">
                {c.password === undefined && withoutPassword}{' '}
                {c.ca_certificate && `It verifies the server with ${authorityFile(name)}, to be had below.`}
              </p>
            )}
          </>
        ),
      }))}
    />
  )
}

function Facts({ connection: c, name }: { connection: Schema<'Connection'> | undefined; name: string }) {
  const authority = c?.ca_certificate
  return (
    <Card title="Details">
      <dl className="grid gap-x-6 sm:grid-cols-2">
        <Fact label="Host" text={c?.host} />
        <Fact label="Port" text={c && String(c.port)} />
        <Fact label="User" text={c?.username} />
        <Fact label="Database" text={c?.database} />
        <Fact label="Password" text={c && (c.password ?? HIDDEN)} copyable={c?.password !== undefined} />
        <Fact label="SSL mode" text={c?.sslmode} />
      </dl>
      {authority && (
        <div className="mt-4 flex flex-wrap items-center gap-2">
          <Button size="sm" onClick={() => saveFile(authorityFile(name), authority)}>
            <Download aria-hidden />
            Download CA certificate
          </Button>
          <CopyButton text={authority} what="CA certificate" />
          <span className="text-sm text-ink-faint">
            Clients verify the server with it, by sslmode=verify-full.
          </span>
        </div>
      )}
    </Card>
  )
}

function Fact({
  label,
  text,
  copyable = true,
}: {
  label: string
  text: string | undefined
  copyable?: boolean
}) {
  return (
    <div className="flex min-h-9 items-center gap-2 border-b border-line/70 py-1">
      <dt className="w-20 shrink-0 text-sm text-ink-faint">{label}</dt>
      <dd className="flex min-w-0 flex-1 items-center justify-between gap-1">
        {text === undefined ? (
          <Skeleton className="h-4 w-24" />
        ) : (
          <>
            <code className="min-w-0 font-mono text-sm break-all" data-testid={`connection-${label}`}>
              {text}
            </code>
            {copyable && <CopyButton text={text} what={label.toLowerCase()} />}
          </>
        )}
      </dd>
    </div>
  )
}
