import { useQuery } from '@tanstack/react-query'
import { GitFork } from 'lucide-react'
import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { TextField } from '@/components/field'
import type { Schema } from '@/lib/api'
import { newUUID } from '@/lib/browser'
import { fieldMessages } from '@/lib/problem'
import { toast } from '@/lib/toasts'

import { offerQuery, useForkInstance } from './queries'
import { nameProblem } from './rules'

interface Props {
  instance: Schema<'Instance'>
  onStarted: (operation: Schema<'Operation'>) => void
}

/** Where a new instance begins with the data of this one; nothing where that is not offered. */
export function ForkButton({ instance, onStarted }: Props) {
  const [asking, setAsking] = useState(false)
  const { data: offer } = useQuery(offerQuery)
  if (!offer?.forks) return null
  return (
    <>
      <Button size="sm" disabled={instance.state !== 'running'} onClick={() => setAsking(true)}>
        <GitFork aria-hidden />
        Fork
      </Button>
      {asking && <ForkDialog source={instance.name} onStarted={onStarted} onClose={() => setAsking(false)} />}
    </>
  )
}

interface DialogProps extends Pick<Props, 'onStarted'> {
  source: string
  onClose: () => void
}

function ForkDialog({ source, onStarted, onClose }: DialogProps) {
  const [name, setName] = useState('')
  const [key, setKey] = useState(() => newUUID())
  const [answered, setAnswered] = useState<Record<string, string>>({})
  const fork = useForkInstance(source)
  const broken = name === '' ? undefined : nameProblem(name)
  const ready = name !== '' && broken === undefined
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!ready || fork.isPending) return
    fork.mutate(
      { body: { name }, key },
      {
        onSuccess: (operation) => {
          toast(`Forking ${source} to ${name}`)
          onClose()
          onStarted(operation)
        },
        onError: (error) => setAnswered(fieldMessages(error)),
      },
    )
  }
  return (
    <Dialog title={`Fork ${source}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <p className="mb-4 text-ink-soft">
          A new instance begins with the data that {source} has now, and {source} goes on. It gets the same
          size, and a superuser’s password of its own.
        </p>
        <TextField
          label="Name"
          name="name"
          value={name}
          autoComplete="off"
          onChange={(event: { target: { value: string } }) => {
            setName(event.target.value)
            setKey(newUUID()) // another request
            setAnswered({})
          }}
          error={answered['name'] ?? broken}
        />
        {fork.isError && <ErrorAlert error={fork.error} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!ready || fork.isPending} pending={fork.isPending}>
            Fork instance
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
