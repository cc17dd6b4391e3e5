"""`python -m gpu_worker`: serve until SIGTERM."""

from gpu_worker.commands.serve import main

if __name__ == "__main__":
    main()
