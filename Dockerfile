# The worker and the command line. The same Python as constraints.txt was resolved for.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/escalade
WORKDIR /source
# Dependencies first: they change less often than the code, and this layer is kept.
COPY constraints.txt ./
RUN /opt/escalade/bin/pip install -c constraints.txt \
      temporalio pydantic sqlalchemy alembic apprise "psycopg[binary]"
COPY . .
RUN /opt/escalade/bin/pip install -c constraints.txt ".[postgres]" && /opt/escalade/bin/escalade --version

FROM python:3.11-slim
RUN useradd --system --create-home --home-dir /var/lib/escalade escalade
COPY --from=build /opt/escalade /opt/escalade
ENV PATH=/opt/escalade/bin:$PATH PYTHONUNBUFFERED=1
USER escalade
WORKDIR /var/lib/escalade
# Exec form: SIGTERM reaches the program, which ends what is under way and leaves.
STOPSIGNAL SIGTERM
ENTRYPOINT ["escalade"]
CMD ["--help"]
