import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import type { Schema } from '@/lib/api'

import { connectionQuery } from './queries'
import { Snippet } from './snippet'
import { snippets } from './snippets'

/** The address of an instance, without its password. */
export function ConnectionSummary({ instance, aside }: { instance: Schema<'Instance'>; aside: ReactNode }) {
  const { data, error, refetch } = useQuery(connectionQuery(instance))
  const url = data && snippets(data, instance.name).find(({ key }) => key === 'URL')?.text
  return (
    <Card title="Connection" aside={aside}>
      <StoppedNote instance={instance} />
      {error && !data ? (
        <ErrorAlert
          error={error}
          action={
            <Button size="sm" onClick={() => void refetch()}>
              Try again
            </Button>
          }
        />
      ) : (
        <Snippet what="URL" text={url} />
      )}
    </Card>
  )
}

/** Says that nobody answers at the address of an instance that is stopped. */
export function StoppedNote({ instance }: { instance: Schema<'Instance'> }) {
  if (instance.state !== 'stopped') return null
  return (
    <Alert look="info" className="mb-4">
      The instance is stopped. Start it to connect; these details stay the same.
    </Alert>
  )
}
