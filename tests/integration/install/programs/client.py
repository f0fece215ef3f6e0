"""Creates clients of its own, and writes runs with one of them."""

from langsmith import Client


def main(client=Client()):  # noqa: B008 - created while the module is imported
    for number in range(5):
        client.create_run("written", {"number": number}, "chain", project_name="p")
    client.tracing_queue.join()
    client.flush()
    print(len(list(Client().list_projects())))


if __name__ == "__main__":
    main()
