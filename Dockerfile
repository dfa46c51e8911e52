# Two stages: the first builds the wheel and installs it, the second holds the result and no build tools.
# tests/packaging follows these steps without a container engine, so it reads this file: keep to plain instructions.
#
# Every distribution comes from requirements/, with its digest; the second stage holds no pip. compose.yaml runs it.
# The root file system may be read-only; cards issued and feedback are kept below /data, which should be a volume:
#   docker run --read-only --tmpfs /tmp --volume ldn-cds:/data --publish 8080:8080 \
#     --volume "$PWD/clients.toml:/etc/ldn-cds/clients.toml:ro" --env CDS_CLIENTS_FILE=/etc/ldn-cds/clients.toml ldn-cds

FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml setup.cfg MANIFEST.in README.md LICENSE NOTICE ./
COPY requirements requirements
RUN python -m venv /opt/build
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes --requirement requirements/build.txt
RUN python -m venv --without-pip /opt/ldn-cds
RUN pip --python /opt/ldn-cds/bin/python install --no-cache-dir --require-hashes --requirement requirements/run.txt
COPY cds_service cds_service
COPY cards cards
COPY fhir_fixtures fhir_fixtures
RUN /opt/build/bin/pip wheel --no-cache-dir --no-build-isolation --no-deps --wheel-dir /wheels .
RUN pip --python /opt/ldn-cds/bin/python install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --user-group --uid 10001 --no-create-home --shell /usr/sbin/nologin ldn-cds
RUN install --directory --owner 10001 --group 10001 /data
COPY --from=build /opt/ldn-cds /opt/ldn-cds
ENV PATH=/opt/ldn-cds/bin:$PATH
ENV PYTHONDONTWRITEBYTECODE=1
ENV CDS_DATABASE_URL=sqlite:////data/ldn-cds.sqlite
ENV CDS_REPLAY_STORE=sqlite:////data/ldn-cds-tokens.sqlite
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ.get('CDS_PORT', '8080') + '/health/live', timeout=2)"]
CMD ["cds-service", "serve", "--host", "0.0.0.0"]
