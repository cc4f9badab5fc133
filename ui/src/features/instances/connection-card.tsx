import { useQuery } from '@tanstack/react-query'
import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { CopyButton } from '@/components/copy-button'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'

import { psqlCommand } from './psql'
import { connectionQuery, useRevealConnection } from './queries'
import { RotatePasswordButton } from './rotate-password'

const HIDDEN = '••••••••••••'

interface Props {
  instance: Schema<'Instance'>
  canReveal: boolean
  /** Told of the rotation of the password. */
  onStarted: (operation: Schema<'Operation'>) => void
}

/** How to connect to an instance. The password is fetched only when asked for. */
export function ConnectionCard({ instance, canReveal, onStarted }: Props) {
  const connection = useQuery(connectionQuery(instance))
  const reveal = useRevealConnection(instance.name)
  const [shown, setShown] = useState<Schema<'Connection'>>()
  const details = shown ?? connection.data

  return (
    <Card
      title="Connection"
      aside={
        details &&
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
      {reveal.isError && <ErrorAlert error={reveal.error} className="mb-4" />}
      {instance.state === 'stopped' && (
        <Alert look="info" className="mb-4">
          The instance is stopped. Start it to connect; these details stay the same.
        </Alert>
      )}
      {connection.isError && !details ? (
        <ErrorAlert
          error={connection.error}
          action={
            <Button size="sm" onClick={() => void connection.refetch()}>
              Try again
            </Button>
          }
        />
      ) : (
        <Details connection={details} />
      )}
      {details && canReveal && !shown && (
        <p className="mt-3 text-sm text-ink-faint">Revealing the password is recorded as an event.</p>
      )}
    </Card>
  )
}

function Details({ connection: c }: { connection: Schema<'Connection'> | undefined }) {
  return (
    <div className="flex flex-col gap-4">
      <Snippet label="psql" text={c && psqlCommand(c)} />
      <Snippet label="URL" text={c?.url} />
      <dl className="grid gap-x-6 sm:grid-cols-2">
        <Fact label="Host" text={c?.host} />
        <Fact label="Port" text={c && String(c.port)} />
        <Fact label="User" text={c?.username} />
        <Fact label="Database" text={c?.database} />
        <Fact label="Password" text={c && (c.password ?? HIDDEN)} copyable={c?.password !== undefined} />
        <Fact label="SSL mode" text={c?.sslmode} />
      </dl>
      {c?.ca_certificate && (
        <p className="flex items-center gap-1 text-sm text-ink-faint">
          To verify the server, use sslmode=verify-full with its authority
          <CopyButton text={c.ca_certificate} what="CA certificate" />
        </p>
      )}
    </div>
  )
}

function Snippet({ label, text }: { label: string; text: string | undefined }) {
  return (
    <div>
      <p className="mb-1.5 text-sm font-medium">{label}</p>
      <div className="flex min-h-10 items-center gap-2 rounded-lg border bg-sunken py-1 pr-1.5 pl-3">
        {text === undefined ? (
          <Skeleton className="h-4 w-3/4" />
        ) : (
          <>
            <code className="min-w-0 flex-1 font-mono text-sm break-all" data-testid={`connection-${label}`}>
              {text}
            </code>
            <CopyButton text={text} what={label} className="self-start hover:bg-line" />
          </>
        )}
      </div>
    </div>
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
