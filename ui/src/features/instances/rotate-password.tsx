import { KeyRound } from 'lucide-react'
import { useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { useRotatePassword } from './queries'

interface Props {
  instance: Schema<'Instance'>
  onStarted: (operation: Schema<'Operation'>) => void
}

/** Where the superuser of a running instance gets another password. */
export function RotatePasswordButton({ instance, onStarted }: Props) {
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button size="sm" disabled={instance.state !== 'running'} onClick={() => setAsking(true)}>
        <KeyRound aria-hidden />
        Rotate password
      </Button>
      {asking && <RotateDialog name={instance.name} onStarted={onStarted} onClose={() => setAsking(false)} />}
    </>
  )
}

interface DialogProps extends Pick<Props, 'onStarted'> {
  name: string
  onClose: () => void
}

function RotateDialog({ name, onStarted, onClose }: DialogProps) {
  const rotate = useRotatePassword(name)
  return (
    <Dialog title={`Rotate the password of ${name}?`} onClose={onClose}>
      <p className="mb-4 text-ink-soft">
        The superuser gets another password. Open connections go on; whoever connects after that needs the new
        one.
      </p>
      {rotate.isError && <ErrorAlert error={rotate.error} className="mb-4" />}
      <DialogActions>
        <Button type="button" onClick={onClose}>
          Cancel
        </Button>
        <Button
          look="primary"
          pending={rotate.isPending}
          onClick={() =>
            rotate.mutate(undefined, {
              onSuccess: (operation) => {
                toast(`Rotating the password of ${name}`)
                onStarted(operation)
                onClose()
              },
            })
          }
        >
          Rotate password
        </Button>
      </DialogActions>
    </Dialog>
  )
}
