import { rawTokens } from '#lib/server/search/analyze.ts';

/**
 * Well-known technologies and products, as people type them: general knowledge, nothing of any documentation. A question that names one of
 * which hardly any passage speaks is a question about something else, unless it names another that the documentation deals with.
 */
const names = new Set(
	`
	c++ c# f# actix aiohttp airflow alembic alpine alpine.js anaconda android android-studio angular angularjs ansible anthropic apache arch
	arduino asp.net astro asyncio auth0 autogen awk aws axum azure babel bash beautifulsoup bedrock bigquery bitbucket bitcoin black
	blazor blender bootstrap bun bundler cargo cassandra celery centos chart.js chatgpt chroma chromadb chrome circleci clang claude
	clickhouse clojure cloudflare cloudformation cloudwatch cmake cobol cockroachdb coffeescript cohere colab common-lisp composer
	conda confluence copilot couchdb cpython crewai cron css css3 csv cuda curl cypress d3 d3.js dart dash dask databricks datadog dbt
	debian deepseek delphi deno digitalocean discord django docker docker-compose dotnet dropbox drupal duckdb dynamodb ec2 ecs eks
	elasticsearch electron elixir emacs entity-framework erlang esbuild eslint esp32 ethereum excel expo express express.js facebook
	faiss fargate fastapi fedora ffmpeg figma firebase firefox firestore fish flake8 flask flink flutter fly.io fortran freebsd gatsby
	gcc gcp gdb gemini ggplot2 git github github-actions gitlab gmail godot golang google-cloud google-sheets gpt-4 graalvm gradio
	gradle grafana graphql groovy groq grpc gtk gunicorn hadoop haskell helm heroku hibernate hive html html5 htmx httpx huggingface
	hugo influxdb instagram intellij ionic ios iphone iptables istio java javascript jax jdbc jekyll jenkins jest jetpack-compose jira
	jpa jpeg jquery json julia junit jupyter jupyterlab jvm jwt k8s kafka keras kerberos keycloak kibana koa kotlin ktor kubernetes
	lambda langchain langgraph langsmith laravel latex lightgbm linq linux lisp llama llamaindex lldb llvm log4j logstash lua macos
	mariadb markdown material-ui matlab matplotlib maui maven memcached metabase micropython milvus minecraft miniconda mistral mlflow
	mobx mockito mongodb mongoose mp3 mp4 mssql mui mypy mysql neo4j neovim nestjs netflix netlify new-relic next.js nextjs nginx nltk
	nmap node node.js nodejs nomad notion npm nuget numba numpy nuxt oauth oauth2 objective-c ocaml ollama openai openapi opencv
	opengl openjdk opensearch openshift openssl opentelemetry openvpn oracle outlook pandas parquet pascal paypal pdf perl pgvector
	phoenix photoshop php phpunit pillow pinecone pip pipenv playstation playwright plotly plsql png pnpm podman poetry polars
	postgres postgresql postman power-bi powershell prefect prettier prisma prolog prometheus protobuf pulumi puppet puppeteer pycharm
	pydantic pyenv pygame pyqt pyright pyside pyspark pytest python pytorch qdrant qt quarkus r rabbitmq rails raspberry-pi react
	react-native reactjs redis redshift redux requests rest rollup rspec rstudio ruby ruby-on-rails rubygems ruff rust rustc rxjs s3
	safari salesforce sas sass scala scikit-learn scipy scrapy scss seaborn sed selenium sendgrid sentry serde shopify sklearn slack
	snowflake soap socket.io solidity solidjs sonarqube spacy spark splunk spotify spring spring-boot spss sql sql-server sqlalchemy
	sqlite sqlmodel ssh stable-diffusion starlette storybook streamlit stripe sublime-text supabase svelte sveltekit svg swagger swift
	swiftui symfony systemd t-sql tableau tailwind tailwindcss telegram tensorflow terraform three.js tidyverse tkinter tmux tokio
	tomcat toml tornado tox traefik transformers travis-ci twilio twitter typeorm typescript ubuntu uikit unittest unity unreal uv
	uvicorn varnish vault vercel verilog vhdl vim virtualbox virtualenv vite vitest vllm vmware vscode vue vue.js vuex vulkan wasm
	weaviate webassembly webgl webpack webrtc websocket websockets wget whatsapp whisper windows wireguard wireshark woocommerce
	wordpress wpf wsl xamarin xbox xcode xgboost xml xunit yaml yarn youtube zig zoom zsh
`
		.trim()
		.split(/\s+/)
);

/** The words of a question that name a well-known technology, whole or in a part (`react-router`), as they were written. */
export function technologiesIn(question: string): string[] {
	return rawTokens(question).filter((word) => {
		const whole = word.toLowerCase();
		return [whole, ...whole.split(/[-._]/)].some(
			(name) => names.has(name) || (name.length > 4 && name.endsWith('s') && names.has(name.slice(0, -1)))
		);
	});
}
